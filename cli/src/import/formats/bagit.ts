import { readdir, stat } from 'node:fs/promises'
import { join } from 'node:path'
import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { ownValue } from '@holdfast/lexicons/own-value'
import { readBytesInside } from '../../files/read-inside.ts'
import { accountFor } from '../account-for.ts'
import { decodeText } from '../decode-text.ts'
import type { LeftOver } from '../fields.ts'
import { sourceKind, toChecksum, toUri } from '../values/addresses.ts'
import { toEdtf } from '../values/dates.ts'
import { slugOf, toIdentifier } from '../values/identifiers.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/** The tag files of a bag, as read. */
export interface Bag {
  readonly directory: string
  /** The labels and values of `bag-info.txt`; labels may repeat. */
  readonly info: readonly (readonly [label: string, value: string])[]
  readonly fetch: readonly FetchLine[]
  /** The checksums of payload files, by path. */
  readonly manifests: ReadonlyMap<string, defs.Checksum[]>
  readonly payloadBytes: number | undefined
}

interface FetchLine {
  readonly url: string
  readonly sizeBytes: number | undefined
  readonly path: string
}

/** Reads the tag files of a bag (RFC 8493). Throws an Error if `directory` is not a bag. */
export async function readBag(directory: string): Promise<Bag> {
  const read = async (name: string, charset?: string) =>
    decodeText((await readBytesInside(directory, name)) ?? new Uint8Array(), {
      place: join(directory, name),
      charset,
    })
  // The declaration is always in UTF-8 (RFC 8493, section 2.1.1).
  const declaration = await read('bagit.txt')
  const charset = /^Tag-File-Character-Encoding:\s*(\S+)/im.exec(declaration)?.[1]
  const optional = (name: string) => read(name, charset)
  if (!/^BagIt-Version:\s*\d/m.test(declaration))
    throw new Error(`${directory} is not a bag: it has no bagit.txt`)
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

const ofPayload = /^(payload-oxum|bag-size|bag-count)$/i

/** Makes a dataset record of a bag: the contents of `bag-info.txt`, with the entries of `fetch.txt` as sources. */
export function importBag(bag: Bag, options: { createdAt: string }): Imported {
  const leftOver: LeftOver[] = []
  const said = (field: string) =>
    bag.info.flatMap(([label, value]) => (ownValue(known, label.toLowerCase()) === field ? [value] : []))
  for (const [label, value] of bag.info)
    if (!ownValue(known, label.toLowerCase()) && !ofPayload.test(label))
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
  const imported = { rkey: key ? slugOf(key) : slugOf({ scheme: 'local', value: name }), record, leftOver }
  return accountFor(saidIn(bag), imported)
}

/** What a bag says about its data, by file and label; of the payload's sizes, the record has the sum. */
function saidIn({ info, fetch }: Bag): object {
  const said = info.filter(([label]) => !ofPayload.test(label))
  const labels = [...Map.groupBy(said, ([label]) => label)]
  return {
    'bag-info.txt': Object.fromEntries(labels.map(([label, all]) => [label, all.map(([, value]) => value)])),
    'fetch.txt': fetch,
  }
}

/** Parses tags (RFC 8493, section 2.2.2): `Label: value`, continued on lines that begin with white space. */
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

/** Decodes line breaks and percent signs in paths (RFC 8493, section 2.1.3). */
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

/** The title: the description itself if it is short, else its first sentence. */
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
