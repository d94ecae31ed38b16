import { dictEntries, findKey, kindAt, listItems, stringSpan } from '../bencode.ts'
import { findInteger, findString } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { textOf } from './paths.ts'

export interface Tracker {
  readonly url: string
  /** 0 is tried first (BEP 12). */
  readonly tier: number
}

export interface WebSeed {
  readonly url: string
  /** `bep19`: a mirror of the files (`url-list`); `bep17`: a script that serves pieces (`httpseeds`). */
  readonly kind: 'bep17' | 'bep19'
}

/** The fields around `info`, which no infohash covers: anyone may have changed them. */
export interface OuterFields {
  readonly trackers: readonly Tracker[]
  readonly webSeeds: readonly WebSeed[]
  readonly comment: string | null
  readonly createdBy: string | null
  /** Seconds since 1970. */
  readonly creationDate: number | null
}

/** Reads the fields around `info` the way libtorrent does: what has the wrong type is passed over. */
export function readOuter(bytes: Uint8Array, maxUrls: number): OuterFields {
  const creationDate = findInteger(bytes, 0, 'creation date')
  return {
    trackers: readTrackers(bytes, maxUrls),
    webSeeds: [
      ...readUrls(bytes, 'url-list', maxUrls).map((url) => ({ url, kind: 'bep19' as const })),
      ...readUrls(bytes, 'httpseeds', maxUrls).map((url) => ({ url, kind: 'bep17' as const })),
    ],
    comment: findString(bytes, 0, 'comment.utf-8') || findString(bytes, 0, 'comment'),
    createdBy: findString(bytes, 0, 'created by.utf-8') || findString(bytes, 0, 'created by'),
    creationDate:
      creationDate !== null && creationDate >= 0 && Number.isFinite(creationDate) ? creationDate : null,
  }
}

/** The strings of the list under `key` of the dictionary at `at`, as bytes (BEP 38 `similar` and `collections`). */
export function readStrings(bytes: Uint8Array, at: number, key: string): Uint8Array[] {
  const listAt = findKey(bytes, at, key)
  if (listAt < 0 || kindAt(bytes, listAt) !== 'list') return []
  const strings: Uint8Array[] = []
  for (const item of listItems(bytes, listAt)) {
    if (kindAt(bytes, item) !== 'string') continue
    const { start, end } = stringSpan(bytes, item)
    strings.push(bytes.subarray(start, end))
  }
  return strings
}

/** The keys of the file's outermost dictionary with where their values stand, for writing the rest out again. */
export function outerEntries(bytes: Uint8Array): { key: string; value: number }[] {
  return [...dictEntries(bytes, 0)].map(({ key, value }) => ({
    key: Buffer.from(bytes.subarray(key.start, key.end)).toString('latin1'),
    value,
  }))
}

function readTrackers(bytes: Uint8Array, maxUrls: number): Tracker[] {
  const trackers: Tracker[] = []
  const seen = new Set<string>()
  const listAt = findKey(bytes, 0, 'announce-list')
  let tier = 0
  if (listAt >= 0 && kindAt(bytes, listAt) === 'list') {
    for (const tierAt of listItems(bytes, listAt)) {
      if (kindAt(bytes, tierAt) === 'list') for (const item of listItems(bytes, tierAt)) addUrl(item)
      tier++
    }
  }
  if (trackers.length === 0) {
    tier = 0
    const announceAt = findKey(bytes, 0, 'announce')
    if (announceAt >= 0) addUrl(announceAt)
  }
  return trackers

  function addUrl(at: number): void {
    if (kindAt(bytes, at) !== 'string') return
    const url = textOf(bytes, stringSpan(bytes, at)).trim()
    if (url === '' || seen.has(url)) return
    if (trackers.length >= maxUrls) throw new MetainfoError('announce-list', `more than ${maxUrls} trackers`)
    seen.add(url)
    trackers.push({ url, tier })
  }
}

function readUrls(bytes: Uint8Array, key: string, maxUrls: number): string[] {
  const at = findKey(bytes, 0, key)
  if (at < 0) return []
  const items =
    kindAt(bytes, at) === 'list' ? listItems(bytes, at) : kindAt(bytes, at) === 'string' ? [at] : []
  const urls = new Set<string>()
  for (const item of items) {
    if (kindAt(bytes, item) !== 'string') continue
    const url = textOf(bytes, stringSpan(bytes, item)).trim()
    if (url !== '') urls.add(url)
    if (urls.size > maxUrls) throw new MetainfoError(key, `more than ${maxUrls} URLs`)
  }
  return [...urls]
}
