import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import type { LeftOver } from '../fields.ts'
import { sourceKind, toChecksum, toUri } from '../values/addresses.ts'
import { toEdtf } from '../values/dates.ts'
import { slugOf, toIdentifier } from '../values/identifiers.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/** A bag's tag files, as read. */
export interface Bag {
  readonly directory: string
  /** `bag-info.txt`: labels may repeat. */
  readonly info: readonly (readonly [label: string, value: string])[]
  readonly fetch: readonly FetchLine[]
  /** Checksums of payload files by path. */
  readonly manifests: ReadonlyMap<string, defs.Checksum[]>
  readonly payloadBytes: number | undefined
}

interface FetchLine {
  readonly url: string
  readonly sizeBytes: number | undefined
  readonly path: string
}

/** Reads a bag's tag files (RFC 8493). Throws an Error where `directory` is no bag. */
export async function readBag(directory: string): Promise<Bag> {
  const declaration = await readFile(join(directory, 'bagit.txt'), 'utf8').catch(() => '')
  if (!/^BagIt-Version:\s*\d/m.test(declaration))
    throw new Error(`${directory} is no bag: it has no bagit.txt`)
  const optional = (name: string) => readFile(join(directory, name), 'utf8').catch(() => '')
  const manifests = new Map<string, defs.Checksum[]>()
  for (const name of await readdir(directory)) {
    const algorithm = /^manifest-(\w+)\.txt$/.exec(name)?.[1]
    if (algorithm) addManifest(manifests, algorithm, await optional(name))
  }
  const info = readTags(await optional('bag-info.txt'))
  const oxum = info.find(([label]) => label.toLowerCase() === 'payload-oxum')?.[1]
  return {
    directory,
    info,
    fetch: readFetch(await optional('fetch.txt')),
    manifests,
    payloadBytes: oxum ? Number(oxum.split('.')[0]) : await payloadBytes(directory),
  }
}

const known: Readonly<Record<string, string>> = {
  'external-description': 'description',
  'internal-sender-description': 'description',
  'external-identifier': 'identifier',
  'internal-sender-identifier': 'identifier',
  'source-organization': 'publisher',
  'contact-name': 'contact',
  'contact-email': 'email',
  'bagging-date': 'bagged',
  title: 'title',
  'bag-group-identifier': 'group',
}

/** Makes a dataset record of a bag: what `bag-info.txt` says, and `fetch.txt` as sources. */
export function importBag(bag: Bag, options: { createdAt: string }): Imported {
  const leftOver: LeftOver[] = []
  const said = (field: string) =>
    bag.info.flatMap(([label, value]) => (known[label.toLowerCase()] === field ? [value] : []))
  for (const [label, value] of bag.info)
    if (!known[label.toLowerCase()] && !/^(payload-oxum|bag-size|bag-count)$/i.test(label))
      leftOver.push({ field: `bag-info.txt/${label}`, value })
  const identifiers = said('identifier').map((text) => toIdentifier(text))
  const [firstDescription = ''] = said('description')
  const name = bag.directory
    .replace(/[\\/]+$/, '')
    .split(/[\\/]/)
    .at(-1)!
  const record = present({
    $type: collections.dataset,
    title: said('title')[0] ?? titleOf(firstDescription) ?? name,
    description: said('description').join('\n\n'),
    publisher: said('publisher').map((text) => ({ name: text }))[0],
    contributors: said('publisher')
      .slice(1)
      .map((text) => ({ agent: { name: text }, role: 'other' })),
    contacts: readContacts(said('contact'), said('email')),
    sources: bag.fetch.flatMap((line) => readSource(line, bag)),
    identifiers,
    relatedIdentifiers: said('group').map((text) => ({ relation: 'IsPartOf', scheme: 'local', value: text })),
    modified: said('bagged').map(toEdtf).find(Boolean),
    sizeBytes: bag.payloadBytes,
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  const key = identifiers.find(({ scheme }) => scheme !== 'local') ?? identifiers[0]
  return { rkey: key ? slugOf(key) : slugOf({ scheme: 'local', value: name }), record, leftOver }
}

/** RFC 8493, section 2.2.2: `Label: value`, continued on lines that begin with white space. */
function readTags(text: string): [string, string][] {
  const unfolded = text
    .replace(/^\uFEFF/, '')
    .replace(/\r\n?|\n/g, '\n')
    .replace(/\n[ \t]+/g, ' ')
  return unfolded.split('\n').flatMap((line): [string, string][] => {
    const match = /^([^:]+?)\s*:\s*(.*\S)\s*$/.exec(line)
    return match ? [[match[1]!, match[2]!]] : []
  })
}

function readFetch(text: string): FetchLine[] {
  return text.split(/\r\n?|\n/).flatMap((line) => {
    const match = /^(\S+)\s+(\d+|-)\s+(\S.*)$/.exec(line)
    if (!match) return []
    const [, url = '', size = '-', path = ''] = match
    return [{ url, sizeBytes: size === '-' ? undefined : Number(size), path: unescapePath(path) }]
  })
}

function addManifest(manifests: Map<string, defs.Checksum[]>, algorithm: string, text: string): void {
  for (const line of text.split(/\r\n?|\n/)) {
    const match = /^([0-9a-fA-F]+)\s+\*?(\S.*)$/.exec(line)
    const checksum = match && toChecksum(algorithm, match[1])
    if (!match || !checksum) continue
    const path = unescapePath(match[2]!)
    manifests.set(path, [...(manifests.get(path) ?? []), checksum])
  }
}

/** Line breaks and per cent signs in paths are escaped (RFC 8493, section 2.1.3). */
function unescapePath(path: string): string {
  return path.trim().replace(/%(0A|0D|25)/gi, (escaped) => decodeURIComponent(escaped))
}

function readSource({ url, sizeBytes, path }: FetchLine, bag: Bag): defs.Source[] {
  const address = toUri(url)
  if (!address) return []
  const checksums = bag.manifests.get(path) ?? []
  return [{ url: address, ...present({ title: path, sizeBytes, checksums }), kind: sourceKind(address) }]
}

function readContacts(names: readonly string[], emails: readonly string[]): defs.Agent[] {
  const count = Math.max(names.length, emails.length)
  return Array.from({ length: count }, (_, index) => present({ name: names[index], email: emails[index] }))
}

/** A short description is a title; of a longer one the first sentence. */
function titleOf(description: string): string | undefined {
  const sentence = /^(.{3,200}?)(?:[.!?](?:\s|$)|\n|$)/.exec(description)?.[1]
  return sentence?.trim() || undefined
}

async function payloadBytes(directory: string): Promise<number | undefined> {
  const entries = await readdir(join(directory, 'data'), { recursive: true, withFileTypes: true }).catch(
    () => [],
  )
  let total = 0
  for (const entry of entries)
    if (entry.isFile()) total += (await stat(join(entry.parentPath, entry.name))).size
  return total > 0 ? total : undefined
}
