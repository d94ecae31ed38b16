import { dictEntries, kindAt, listItems, stringSpan } from '../bencode.ts'
import { readInteger, readText } from './file-entry.ts'
import { MetainfoLimitError } from './metainfo-error.ts'
import { textOf } from './paths.ts'

export interface Tracker {
  readonly url: string
  /** The tier; 0 is tried first (BEP 12). */
  readonly tier: number
}

export interface Webseed {
  readonly url: string
  /** `bep19`: a mirror of the files (`url-list`); `bep17`: a script that serves pieces (`httpseeds`). */
  readonly kind: 'bep17' | 'bep19'
}

/** The fields around `info`, which no infohash covers, so that anyone can change them. */
export interface OuterFields {
  readonly trackers: readonly Tracker[]
  readonly webseeds: readonly Webseed[]
  readonly comment: string | null
  readonly createdBy: string | null
  /** In seconds since 1970. */
  readonly creationDate: number | null
}

/** The keys that `readOuter` reads. */
export const outerKeys = [
  'announce',
  'announce-list',
  'comment',
  'comment.utf-8',
  'created by',
  'created by.utf-8',
  'creation date',
  'httpseeds',
  'url-list',
] as const

/** The positions of the values of the outermost dictionary, -1 for those that are missing. */
export type OuterPlaces = Readonly<Record<(typeof outerKeys)[number], number>>

export interface UrlLimits {
  /** The number of trackers, of webseeds of each kind, and of relations of each kind (BEP 38). */
  readonly maxUrls: number
  readonly maxUrlBytes: number
}

/** Reads the fields around `info` like libtorrent: values of the wrong type are ignored. */
export function readOuter(bytes: Uint8Array, places: OuterPlaces, limits: UrlLimits): OuterFields {
  const creationDate = readInteger(bytes, places['creation date'])
  const urls = (key: 'url-list' | 'httpseeds') => readUrls(bytes, places[key], { key, ...limits })
  return {
    trackers: readTrackers(bytes, places, limits),
    webseeds: [
      ...urls('url-list').map((url) => ({ url, kind: 'bep19' as const })),
      ...urls('httpseeds').map((url) => ({ url, kind: 'bep17' as const })),
    ],
    comment: readText(bytes, places['comment.utf-8']) || readText(bytes, places.comment),
    createdBy: readText(bytes, places['created by.utf-8']) || readText(bytes, places['created by']),
    creationDate:
      creationDate !== null && creationDate >= 0 && Number.isFinite(creationDate) ? creationDate : null,
  }
}

/** The strings of the list at `listAt` as bytes (BEP 38 `similar` and `collections`); empty if there is no list. */
export function readStrings(
  bytes: Uint8Array,
  listAt: number,
  { key, maxUrls, maxUrlBytes }: UrlLimits & { key: string },
): Uint8Array[] {
  if (listAt < 0 || kindAt(bytes, listAt) !== 'list') return []
  const strings: Uint8Array[] = []
  for (const item of listItems(bytes, listAt)) {
    if (kindAt(bytes, item) !== 'string') continue
    const { start, end } = stringSpan(bytes, item)
    if (end - start > maxUrlBytes)
      throw new MetainfoLimitError(key, `a name of more than ${maxUrlBytes} bytes`)
    if (strings.length >= maxUrls) throw new MetainfoLimitError(key, `more than ${maxUrls} entries`)
    strings.push(bytes.subarray(start, end))
  }
  return strings
}

/** The keys of the file's outermost dictionary with the positions of their values, for writing the others back unchanged. */
export function outerEntries(bytes: Uint8Array): { key: string; value: number }[] {
  return [...dictEntries(bytes, 0)].map(({ key, value }) => ({
    key: Buffer.from(bytes.subarray(key.start, key.end)).toString('latin1'),
    value,
  }))
}

function readTrackers(
  bytes: Uint8Array,
  places: OuterPlaces,
  { maxUrls, maxUrlBytes }: UrlLimits,
): Tracker[] {
  const trackers: Tracker[] = []
  const seen = new Set<string>()
  const listAt = places['announce-list']
  let tier = 0
  if (listAt >= 0 && kindAt(bytes, listAt) === 'list') {
    for (const tierAt of listItems(bytes, listAt)) {
      if (kindAt(bytes, tierAt) === 'list') for (const item of listItems(bytes, tierAt)) addUrl(item)
      tier++
    }
  }
  if (trackers.length === 0) {
    tier = 0
    if (places.announce >= 0) addUrl(places.announce)
  }
  return trackers

  function addUrl(at: number): void {
    if (kindAt(bytes, at) !== 'string') return
    const url = urlAt(bytes, at, { key: 'announce-list', maxUrlBytes })
    if (url === '' || seen.has(url)) return
    if (trackers.length >= maxUrls)
      throw new MetainfoLimitError('announce-list', `more than ${maxUrls} trackers`)
    seen.add(url)
    trackers.push({ url, tier })
  }
}

function readUrls(
  bytes: Uint8Array,
  at: number,
  { key, maxUrls, maxUrlBytes }: UrlLimits & { key: string },
): string[] {
  if (at < 0) return []
  const items =
    kindAt(bytes, at) === 'list' ? listItems(bytes, at) : kindAt(bytes, at) === 'string' ? [at] : []
  const urls = new Set<string>()
  for (const item of items) {
    if (kindAt(bytes, item) !== 'string') continue
    const url = urlAt(bytes, item, { key, maxUrlBytes })
    if (url !== '') urls.add(url)
    if (urls.size > maxUrls) throw new MetainfoLimitError(key, `more than ${maxUrls} URLs`)
  }
  return [...urls]
}

function urlAt(
  bytes: Uint8Array,
  at: number,
  { key, maxUrlBytes }: { key: string; maxUrlBytes: number },
): string {
  const span = stringSpan(bytes, at)
  if (span.end - span.start > maxUrlBytes)
    throw new MetainfoLimitError(key, `a URL of more than ${maxUrlBytes} bytes`)
  return textOf(bytes, span).trim()
}
