import {
  BencodeError,
  dictEntries,
  findKey,
  integerAt,
  kindAt,
  scanValue,
  stringSpan,
} from '@holdfast/torrent/bencode'
import {
  boundedCounts,
  restMs,
  type ScrapeAnswer,
  type ScrapedCounts,
  ScrapeRefusedError,
  type Scraping,
} from './scrape-answer.ts'
import { scrapeUrl } from './tracker-url.ts'

/** Scrapes a tracker over HTTP (BEP 48). */
export async function scrapeHttp(
  announceUrl: string,
  names: readonly string[],
  { fetch, signal, timeoutMs }: Scraping,
): Promise<ScrapeAnswer> {
  const url = scrapeUrl(announceUrl)
  if (!url) throw new Error(`${announceUrl} has no scrape address by BEP 48`)
  const asked = names.map((name) => `info_hash=${name.replaceAll(/../g, '%$&')}`).join('&')
  url.search = url.search ? `${url.search}&${asked}` : asked
  const { bytes } = await fetch.fetchBytes(url, {
    ...{ maxBytes: maxAnswerBytes, timeoutMs, signal },
    purpose: 'tracker',
  })
  return readScrape(bytes, names)
}

const maxAnswerBytes = 256_000

/** Parses a scrape answer; names that were not asked for are ignored. @throws ScrapeRefusedError, Error */
export function readScrape(bytes: Uint8Array, names: readonly string[]): ScrapeAnswer {
  try {
    scanValue(bytes, 0, { maxDepth: 10, maxValues: 50_000 })
  } catch (cause) {
    if (cause instanceof BencodeError)
      throw new Error(`the answer is not bencode: ${cause.message}`, { cause })
    throw cause
  }
  if (kindAt(bytes, 0) !== 'dictionary') throw new Error('the answer is not a bencoded dictionary')
  const failure = findKey(bytes, 0, 'failure reason')
  if (failure >= 0) throw new ScrapeRefusedError(textAt(bytes, failure))
  const files = findKey(bytes, 0, 'files')
  if (files < 0 || kindAt(bytes, files) !== 'dictionary') throw new Error('the answer has no "files"')
  const waitMs = readWaitMs(bytes)
  return { counts: readFiles(bytes, files, names), ...(waitMs && { waitMs }) }
}

function readFiles(bytes: Uint8Array, at: number, names: readonly string[]): Map<string, ScrapedCounts> {
  // Some trackers read the name as Latin-1 and write it as UTF-8, which has more than 20 bytes but is unambiguous.
  const spellings = new Map(
    names.flatMap((name) => [
      [name, name],
      [Buffer.from(Buffer.from(name, 'hex').toString('latin1')).toString('hex'), name],
    ]),
  )
  const counts = new Map<string, ScrapedCounts>()
  for (const { key, value } of dictEntries(bytes, at)) {
    const name = spellings.get(Buffer.from(bytes.subarray(key.start, key.end)).toString('hex'))
    if (name === undefined || kindAt(bytes, value) !== 'dictionary') continue
    const completed = countAt(bytes, value, 'downloaded')
    const seeders = countAt(bytes, value, 'complete') ?? 0
    const leechers = countAt(bytes, value, 'incomplete') ?? 0
    counts.set(name, boundedCounts({ seeders, leechers, completed }))
  }
  return counts
}

function countAt(bytes: Uint8Array, dictionary: number, key: string): number | null {
  const at = findKey(bytes, dictionary, key)
  return at >= 0 && kindAt(bytes, at) === 'integer' ? integerAt(bytes, at) : null
}

function readWaitMs(bytes: Uint8Array): number | undefined {
  const flags = findKey(bytes, 0, 'flags')
  if (flags < 0 || kindAt(bytes, flags) !== 'dictionary') return undefined
  return restMs(countAt(bytes, flags, 'min_request_interval'))
}

function textAt(bytes: Uint8Array, at: number): string {
  if (kindAt(bytes, at) !== 'string') return 'without a reason'
  const { start, end } = stringSpan(bytes, at)
  return Buffer.from(bytes.subarray(start, Math.min(end, start + 300))).toString()
}
