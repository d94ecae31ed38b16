import { EventEmitter } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { LookupFunction } from 'node:net'
import { WebSocket } from 'ws'
import { HttpStatusError } from '../../outbound/guarded-fetch-errors.ts'
import { readRetryAfterMs } from '../../outbound/guarded-fetch-limits.ts'
import type { NamedAddress } from '../../outbound/hosts-file.ts'
import {
  boundedCounts,
  restMs,
  type ScrapeAnswer,
  type ScrapedCounts,
  ScrapeRefusedError,
  type Scraping,
} from './scrape-answer.ts'

/**
 * Scrapes a WebTorrent tracker over WebSocket. bittorrent-tracker's client writes the request and reads the answer, over a
 * connection of ours, which goes to the address that was checked, accepts one answer of limited size, and is then closed.
 *
 * @throws ScrapeRefusedError, GuardedFetchError, Error
 */
export async function scrapeWebSocket(
  url: URL,
  names: readonly string[],
  scraping: Scraping,
): Promise<ScrapeAnswer> {
  const WebSocketTracker = await loadClient()
  const port = url.port || (url.protocol === 'wss:' ? '443' : '80')
  // Look the name up only once, so that the address that was checked is the one that is used.
  const address = await scraping.fetch.findAddress(
    { hostname: url.hostname, port },
    { purpose: 'tracker', signal: scraping.signal },
  )
  const signal = AbortSignal.any([scraping.signal, AbortSignal.timeout(scraping.timeoutMs)])
  const connection = connect(url, address)
  const client = new EventEmitter()
  const counts = new Map<string, ScrapedCounts>()
  client.on('scrape', (scraped: Scraped) => {
    if (names.includes(scraped.infoHash)) counts.set(scraped.infoHash, toCounts(scraped))
  })
  // The client keeps one connection for each URL, but this scrape must have its own.
  const key = `${url.href}#${++questions}`
  const socket = new TrackerSocket(connection)
  WebSocketTracker._socketPool[key] = socket
  const tracker = new WebSocketTracker(client, key)
  try {
    const answered = firstAnswer(connection, socket, signal)
    tracker.scrape({ infoHash: names })
    const waitMs = await answered
    return { counts, ...(waitMs && { waitMs }) }
  } catch (error) {
    scraping.signal.throwIfAborted()
    if (signal.aborted)
      throw new Error(`${url.host} sent no answer in ${scraping.timeoutMs} ms`, { cause: error })
    throw error
  } finally {
    // Otherwise `destroy` would wait a second for another answer.
    tracker.expectingResponse = false
    tracker.destroy()
    connection.terminate()
  }
}

/**
 * Loads the client when it is first needed, which it never is on most servers. Its package needs a WebRTC library that is
 * not built for every machine, and is left out there by npm.
 */
async function loadClient() {
  try {
    return (await import('bittorrent-tracker/websocket-tracker')).default
  } catch (cause) {
    throw new Error(
      'trackers over WebSocket are not asked: the package bittorrent-tracker cannot be loaded here',
      {
        cause,
      },
    )
  }
}

let questions = 0

interface Scraped {
  infoHash: string
  complete?: unknown
  incomplete?: unknown
  downloaded?: unknown
}

/** An answer about 64 names in the longest spelling of JSON is some 20 kB. */
const maxAnswerBytes = 64_000
/** The most pings before the answer; more than an honest tracker sends. */
const maxPings = 10

function connect(url: URL, { address, family }: NamedAddress): WebSocket {
  const lookup: LookupFunction = (_, { all }, found) =>
    all ? found(null, [{ address, family }]) : found(null, address, family)
  return new WebSocket(url, {
    lookup,
    followRedirects: false,
    // A small compressed message could be huge, and unread pongs would pile up in memory.
    perMessageDeflate: false,
    autoPong: false,
    maxPayload: maxAnswerBytes,
  })
}

/** Resolves when the client has read an answer, with how long the tracker asks to wait. */
function firstAnswer(
  connection: WebSocket,
  socket: TrackerSocket,
  signal: AbortSignal,
): Promise<number | undefined> {
  const { promise, resolve: answered, reject } = Promise.withResolvers<number | undefined>()
  const { url } = connection
  connection.on('open', () => socket.open())
  connection.on('message', (data: Buffer) => {
    try {
      const { flags } = checkAnswer(data)
      socket.emit('data', data)
      answered(isObject(flags) ? restMs(flags.min_request_interval) : undefined)
    } catch (error) {
      reject(error)
    }
  })
  let pings = 0
  connection.on('ping', () => ++pings > maxPings && reject(new Error(`${url} sends pings and no answer`)))
  connection.on('error', reject)
  connection.on('close', () => reject(new Error(`${url} closed the connection without an answer`)))
  connection.on('unexpected-response', (_, response) => reject(statusError(url, response)))
  const onAbort = () => reject(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  if (signal.aborted) onAbort()
  return promise.finally(() => signal.removeEventListener('abort', onAbort))
}

function statusError(url: string, response: IncomingMessage): HttpStatusError {
  response.destroy()
  const retryAfter = response.headers['retry-after']
  const retryAfterMs = readRetryAfterMs(new Headers(retryAfter ? { 'retry-after': retryAfter } : {}))
  return new HttpStatusError(new URL(url), { status: response.statusCode ?? 0, body: '', retryAfterMs })
}

/**
 * The connection as the client sees it. The client is told about the opening and about answers, but not about the end, after
 * which it would open another connection by itself.
 */
class TrackerSocket extends EventEmitter {
  connected = false
  consumers = 0
  readonly #connection: WebSocket

  constructor(connection: WebSocket) {
    super()
    this.#connection = connection
  }

  open(): void {
    this.connected = true
    this.emit('connect')
  }

  send(message: string): void {
    this.#connection.send(message)
  }

  destroy(): void {
    this.#connection.terminate()
  }
}

/**
 * Checks an answer before the client sees it. The client would accept an announce, with its offer to connect, and would
 * throw on values that are not objects.
 *
 * @throws ScrapeRefusedError, Error
 */
function checkAnswer(data: Buffer): Record<string, unknown> {
  const answer = parse(data)
  if (!isObject(answer)) throw new Error('the answer is not a JSON object')
  const failure = answer['failure reason']
  if (failure !== undefined) throw new ScrapeRefusedError(String(failure))
  if (answer.action !== 'scrape') throw new Error('the answer is to something else than a scrape')
  const { files } = answer
  if (!isObject(files) || !Object.values(files).every(isObject)) throw new Error('the answer has no "files"')
  return answer
}

function parse(data: Buffer): unknown {
  try {
    return JSON.parse(data.toString())
  } catch (cause) {
    throw new Error('the answer is not JSON', { cause })
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function toCounts({ complete, incomplete, downloaded }: Scraped): ScrapedCounts {
  const count = (value: unknown) => (typeof value === 'number' ? value : null)
  return boundedCounts({
    seeders: count(complete) ?? 0,
    leechers: count(incomplete) ?? 0,
    completed: count(downloaded),
  })
}
