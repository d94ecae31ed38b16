import { normalizeInfoHash } from './infohash.ts'
import type { Metainfo } from './metainfo.ts'

/** What a magnet link says (BEP 9, 53); hashes in lowercase hex. */
export interface Magnet {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string | null
  /** `xl`. */
  readonly sizeBytes: number | null
  readonly trackers: readonly string[]
  /** `ws`, BEP 19. */
  readonly webSeeds: readonly string[]
  /** `xs` and `as`: where the `.torrent` itself may be had. */
  readonly metainfoUrls: readonly string[]
  /** `x.pe`: host and port. */
  readonly peers: readonly string[]
  /** `so`: the files to fetch, by index, both ends included. Empty means all. */
  readonly selectOnly: readonly FileRange[]
}

export interface FileRange {
  readonly first: number
  readonly last: number
}

const maxLinkLength = 64 * 1024

/** Parses a magnet link. Throws TypeError on one that is none or names no infohash. */
export function parseMagnet(link: string): Magnet {
  if (link.length > maxLinkLength)
    throw new TypeError(`A magnet link of more than ${maxLinkLength} characters.`)
  if (!/^magnet:\?/i.test(link)) throw new TypeError('Not a magnet link: it starts with "magnet:?".')
  const fields = readFields(link.slice(link.indexOf('?') + 1))
  const hashes = readTopics(fields('xt'))
  if (!hashes.infoHashV1 && !hashes.infoHashV2)
    throw new TypeError('The magnet link names no infohash (xt=urn:btih:… or xt=urn:btmh:1220…).')
  const xl = fields('xl')[0] ?? ''
  return {
    ...hashes,
    name: fields('dn')[0] || null,
    sizeBytes: /^\d{1,15}$/.test(xl) ? Number(xl) : null,
    trackers: unique(fields('tr')),
    webSeeds: unique(fields('ws')),
    metainfoUrls: unique([...fields('xs'), ...fields('as')]),
    peers: unique(fields('x.pe')),
    selectOnly: fields('so').flatMap(readRanges),
  }
}

/** Writes a magnet link; both infohashes of a hybrid torrent are named. Throws TypeError without any. */
export function formatMagnet(magnet: Partial<Magnet>): string {
  const { infoHashV1, infoHashV2, name, sizeBytes } = magnet
  if (!infoHashV1 && !infoHashV2) throw new TypeError('A magnet link needs an infohash.')
  const fields: string[] = []
  if (infoHashV1) fields.push(`xt=urn:btih:${infoHashV1}`)
  if (infoHashV2) fields.push(`xt=urn:btmh:1220${infoHashV2}`)
  const add = (key: string, value: string) => fields.push(`${key}=${encodeURIComponent(value)}`)
  if (name) add('dn', name)
  if (sizeBytes != null) add('xl', String(sizeBytes))
  for (const url of magnet.trackers ?? []) add('tr', url)
  for (const url of magnet.webSeeds ?? []) add('ws', url)
  for (const url of magnet.metainfoUrls ?? []) add('xs', url)
  for (const peer of magnet.peers ?? []) add('x.pe', peer)
  const ranges = (magnet.selectOnly ?? []).map(({ first, last }) =>
    first === last ? first : `${first}-${last}`,
  )
  if (ranges.length > 0) fields.push(`so=${ranges.join(',')}`)
  return `magnet:?${fields.join('&')}`
}

/** The magnet of a torrent whose metainfo is at hand; only webseeds that are mirrors (BEP 19) have a place in a link. */
export function magnetOf(metainfo: Metainfo): Magnet {
  const { infoHashV1, infoHashV2, name, sizeBytes, trackers, webSeeds } = metainfo
  return {
    ...{ infoHashV1, infoHashV2, name, sizeBytes },
    trackers: trackers.map(({ url }) => url),
    webSeeds: webSeeds.filter(({ kind }) => kind === 'bep19').map(({ url }) => url),
    metainfoUrls: [],
    peers: [],
    selectOnly: [],
  }
}

/** The values of a key in order; `tr.1` counts as `tr`. */
function readFields(query: string): (key: string) => string[] {
  const fields = new Map<string, string[]>()
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    if (equals < 0) continue
    const key = pair
      .slice(0, equals)
      .toLowerCase()
      .replace(/\.\d+$/, '')
    fields.set(key, [...(fields.get(key) ?? []), decode(pair.slice(equals + 1)).trim()])
  }
  return (key) => fields.get(key) ?? []
}

function decode(value: string): string {
  const spaced = value.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Links in the wild carry Latin-1 or a lone per cent sign; the text as it stands is the best guess.
    return spaced
  }
}

function readTopics(topics: readonly string[]): { infoHashV1: string | null; infoHashV2: string | null } {
  let [infoHashV1, infoHashV2]: (string | null)[] = [null, null]
  for (const topic of topics) {
    const hash = normalizeInfoHash(topic)
    if (hash?.form === 'short' && /^urn:btih:/i.test(topic)) infoHashV1 ??= hash.hex
    if (hash?.form === 'v2' && /^urn:btmh:/i.test(topic)) infoHashV2 ??= hash.hex
  }
  return { infoHashV1: infoHashV1 ?? null, infoHashV2: infoHashV2 ?? null }
}

function readRanges(text: string): FileRange[] {
  return text.split(',').flatMap((range) => {
    const match = /^(\d{1,9})(?:-(\d{1,9}))?$/.exec(range.trim())
    if (!match) return []
    const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])]
    return first <= last ? [{ first, last }] : []
  })
}

function unique(values: readonly string[]): string[] {
  return [...new Set(values.filter((value) => value !== ''))]
}
