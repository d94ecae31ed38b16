import { readdir, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { counted } from '@holdfast/runtime/counted'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { CommandError } from '../command-error.ts'
import { readBytesInside } from '../files/read-inside.ts'
import { isAddress } from '../is-address.ts'
import { warn } from '../output/terminal.ts'
import { type CatalogKind, catalogKinds, importEntry, readCatalog } from './catalog.ts'
import { decodeText } from './decode-text.ts'
import { fit } from './fit.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'
import { importBag, readBag } from './formats/bagit.ts'
import { importTorrentFile } from './formats/torrent-file.ts'
import { readTorrentEvents } from './nostr-relay.ts'
import { statedTotal } from './pages.ts'
import { parseDocuments, type ReadOptions, readDocuments } from './read-documents.ts'

/** Datasets to import. Each is made on request, so that a fault in one entry of a large catalog does not affect the others. */
export interface Input {
  readonly kind: CatalogKind | 'bagit' | 'torrents'
  readonly count: number
  /** Makes the dataset of an entry. Throws an Error that says what the entry lacks. */
  importAt(index: number, options: { createdAt: string }): Imported
  /** The name of an entry, for the message if it cannot be read. */
  nameAt(index: number): string
}

export interface InputOptions extends ReadOptions {
  readonly kind?: Input['kind'] | undefined
}

export const inputKinds = [...catalogKinds, 'bagit', 'torrents'] as const

/** One dataset to import. */
interface Entry {
  readonly kind: Input['kind']
  readonly name: string | undefined
  make(options: { createdAt: string }): Imported
}

/**
 * Reads a catalog: a file of JSON, JSON lines or YAML, an address with all its pages, `-`, a bag, or a directory of
 * such files and folders (such as a clone of the AWS registry). Throws a CommandError that says what was expected.
 */
export async function readInput(place: string, options: InputOptions): Promise<Input> {
  const isDirectory = await stat(place).then(
    (found) => found.isDirectory(),
    () => false,
  )
  if (isDirectory) return inputOf(await entriesInDirectory(place, options), place)
  if (isTorrent(place) && !isAddress(place))
    return inputOf([await torrentEntry(dirname(place), basename(place))], place)
  const documents = /^wss?:\/\//i.test(place)
    ? await readTorrentEvents(place)
    : await readDocuments(place, options)
  const address = isAddress(place) ? place : undefined
  const entries = documents.flatMap((document) => entriesOf(document, options.kind, address))
  const total = documents.map(statedTotal).find((stated) => stated !== undefined) ?? 0
  if (total > entries.length)
    warn(`${place} says that it has ${counted(total, 'dataset')}, but ${entries.length} were found.`)
  return inputOf(entries, place)
}

async function bagEntry(directory: string): Promise<Entry> {
  const bag = await readBag(directory)
  return { kind: 'bagit', name: directory, make: (options) => importBag(bag, options) }
}

const isTorrent = (name: string) => /\.torrent$/i.test(name)

async function torrentEntry(directory: string, fileName: string): Promise<Entry> {
  const read = async () => {
    const bytes = await readBytesInside(directory, fileName)
    if (!bytes) throw new CommandError('notFound', `${join(directory, fileName)} is gone.`)
    return parseMetainfo(bytes)
  }
  const place = join(directory, fileName)
  try {
    const { infoHashV1, infoHashV2, name, sizeBytes, comment, trackers, private: isPrivate } = await read()
    const file = { infoHashV1, infoHashV2, name, sizeBytes, comment, trackers, isPrivate, read }
    return { kind: 'torrents', name: place, make: (options) => importTorrentFile(file, options) }
  } catch (error) {
    const make = () => {
      throw error
    }
    return { kind: 'torrents', name: place, make }
  }
}

/** The entries in a directory. Hidden folders, such as those of version control, are skipped. */
async function entriesInDirectory(place: string, options: InputOptions): Promise<Entry[]> {
  const items = (await readdir(place, { withFileTypes: true })).sort((a, b) => (a.name < b.name ? -1 : 1))
  if (items.some(({ name }) => name === 'bagit.txt')) return [await bagEntry(place)]
  const entries: Entry[] = []
  for (const item of items) {
    const path = join(place, item.name)
    if (item.name.startsWith('.')) continue
    if (item.isDirectory()) entries.push(...(await entriesInDirectory(path, options)))
    else if (isTorrent(item.name)) entries.push(await torrentEntry(place, item.name))
    else if (/\.(json|jsonld|jsonl|ndjson|ya?ml)$/i.test(item.name)) {
      const bytes = (await readBytesInside(place, item.name)) ?? new Uint8Array()
      const documents = parseDocuments(decodeText(bytes, { place: path, charset: options.charset }), path)
      const found = documents.flatMap((document) => entriesOf(document, options.kind))
      if (found.length === 0) warn(`${path} contains no dataset that can be imported; it is skipped.`)
      entries.push(...found)
    }
  }
  return entries
}

function entriesOf(document: unknown, kind: InputOptions['kind'], address?: string): Entry[] {
  const catalog = readCatalog(document, kind === 'bagit' || kind === 'torrents' ? undefined : kind)
  return (catalog?.entries ?? []).map((entry) => ({
    kind: catalog!.kind,
    name: nameOf(entry),
    make: (options) => importEntry(catalog!.kind, entry, { ...options, address }),
  }))
}

function inputOf(entries: readonly Entry[], place: string): Input {
  const [first] = entries
  if (!first)
    throw new CommandError(
      'usage',
      `${place} is not of a kind that can be imported, or contains no dataset; name the kind with --from (${inputKinds.join(', ')}).`,
    )
  return {
    kind: first.kind,
    count: entries.length,
    importAt: (index, options) => fit(entries[index]!.make(options)),
    nameAt: (index) => entries[index]!.name ?? `entry ${index + 1}`,
  }
}

function nameOf(entry: unknown): string | undefined {
  const { slug, identifier, infohash, name, title, Name } = (entry ?? {}) as Record<string, unknown>
  return [slug, identifier, infohash, name, title, Name].find((text) => typeof text === 'string') as
    | string
    | undefined
}
