import { normalizeInfoHash } from './infohash.ts'
import type { Metainfo } from './metainfo.ts'

/** The contents of a magnet link (BEP 9, 53); hashes in lowercase hex. */
export interface Magnet {
  readonly infoHashV1: string | null
  readonly infoHashV2: string | null
  readonly name: string | null
  /** The parameter `xl`. */
  readonly sizeBytes: number | null
  readonly trackers: readonly string[]
  /** The parameter `ws`, BEP 19. */
  readonly webseeds: readonly string[]
  /** The parameters `xs` and `as`: addresses of the `.torrent` itself. */
  readonly metainfoUrls: readonly string[]
  /** The parameter `x.pe`: host and port. */
  readonly peers: readonly string[]
  /** The parameter `so`: the files to download, by index, with both ends included. Empty means all. */
  readonly selectOnly: readonly FileRange[]
}

export interface FileRange {
  readonly first: number
  readonly last: number
}

const maxLinkLength = 64 * 1024

/** Parses a magnet link. Throws TypeError for a text that is not one, or a link without an infohash. */
export function parseMagnet(link: string): Magnet {
  if (link.length > maxLinkLength)
    throw new TypeError(`The magnet link has more than ${maxLinkLength} characters.`)
  if (!/^magnet:\?/i.test(link))
    throw new TypeError('This is not a magnet link, which starts with "magnet:?".')
  const fields = readFields(link.slice(link.indexOf('?') + 1))
  const hashes = readTopics(fields('xt'))
  if (!hashes.infoHashV1 && !hashes.infoHashV2)
    throw new TypeError('The magnet link has no infohash (xt=urn:btih:… or xt=urn:btmh:1220…).')
  const xl = fields('xl')[0] ?? ''
  return {
    ...hashes,
    name: fields('dn')[0] || null,
    sizeBytes: /^\d{1,15}$/.test(xl) ? Number(xl) : null,
    trackers: unique(fields('tr')),
    webseeds: unique(fields('ws')),
    metainfoUrls: unique([...fields('xs'), ...fields('as')]),
    peers: unique(fields('x.pe')),
    selectOnly: fields('so').flatMap(readRanges),
  }
}

/** Writes a magnet link with both infohashes of a hybrid torrent. Throws TypeError if there is none. */
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
  for (const url of magnet.webseeds ?? []) add('ws', url)
  for (const url of magnet.metainfoUrls ?? []) add('xs', url)
  for (const peer of magnet.peers ?? []) add('x.pe', peer)
  const ranges = (magnet.selectOnly ?? []).map(({ first, last }) =>
    first === last ? first : `${first}-${last}`,
  )
  if (ranges.length > 0) fields.push(`so=${ranges.join(',')}`)
  return `magnet:?${fields.join('&')}`
}

/**
 * The magnet link of a torrent; of its webseeds, it includes only mirrors (BEP 19), because a link has no parameter for
 * others.
 */
export function magnetOf(metainfo: Metainfo): Magnet {
  const { infoHashV1, infoHashV2, name, sizeBytes, trackers, webseeds } = metainfo
  return {
    ...{ infoHashV1, infoHashV2, name, sizeBytes },
    trackers: trackers.map(({ url }) => url),
    webseeds: webseeds.filter(({ kind }) => kind === 'bep19').map(({ url }) => url),
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
    const value = decode(pair.slice(equals + 1)).trim()
    const values = fields.get(key)
    if (values) values.push(value)
    else fields.set(key, [value])
  }
  return (key) => fields.get(key) ?? []
}

function decode(value: string): string {
  const spaced = value.replaceAll('+', ' ')
  try {
    return decodeURIComponent(spaced)
  } catch {
    // Some links contain Latin-1 or a lone percent sign; then the undecoded text is the best guess.
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
