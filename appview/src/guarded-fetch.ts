import type { LookupFunction } from 'node:net'
import { checkUnicastPolicy, safeDispatchFetchWrap, unicastLookup } from '@atproto-labs/fetch-node'
import { type FetchClock, startClock } from './guarded-fetch-clock.ts'
import {
  GuardedFetchError,
  HttpStatusError,
  NetworkError,
  PrivateAddressError,
  TooLargeError,
} from './guarded-fetch-errors.ts'
import {
  type ByteBudget,
  createByteBudget,
  createHostTurns,
  type HostTurns,
  readRetryAfterMs,
} from './guarded-fetch-limits.ts'

/**
 * The one way out to an address that a stranger chose. Names are checked when they are connected to, on every
 * redirect, so neither DNS rebinding nor a `Location` header reaches a private host.
 */
export type GuardedFetch = {
  /** Reads a whole answer of at most `maxBytes`. Throws a {@link GuardedFetchError}. */
  fetchBytes(url: string | URL, request: GuardedRequest): Promise<FetchedBytes>
  /** Opens an answer to be read as it comes; dispose of it to hang up. Throws a {@link GuardedFetchError}. */
  openStream(url: string | URL, request: GuardedRequest): Promise<FetchedStream>
}

export type GuardedRequest = {
  readonly maxBytes: number
  /** For the whole exchange, the body included. */
  readonly timeoutMs: number
  /** For each wait on the host; by default 15 s. */
  readonly stallMs?: number
  readonly signal?: AbortSignal
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: 'GET' | 'HEAD'
  /** Whose record made us ask: its bytes count against that account's budget too. */
  readonly account?: string
  /** With `false`, a host at its limit of requests is a HostBusyError instead of a wait. */
  readonly wait?: boolean
}

export type FetchedBytes = {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

export type FetchedStream = AsyncDisposable & {
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly body: AsyncIterable<Uint8Array>
}

export type GuardedFetchOptions = {
  /** Development only: lets requests reach private and local addresses. */
  readonly allowPrivateHosts: boolean
  readonly maxPerHost?: number
  readonly budgetBytes?: number
  readonly budgetWindowMs?: number
  readonly userAgent?: string
}

const MAX_REDIRECTS = 5
const ERROR_BODY_BYTES = 2_048

/** Whether an address can be a public one at all, as far as its spelling tells: names are looked up when connecting. */
export function isPublicAddress(url: URL): boolean {
  return (
    checkUnicastPolicy(url) === undefined &&
    !/(^|\.)(localhost|local|test|invalid|example|internal)$/.test(url.hostname)
  )
}

type Way = { fetch: typeof fetch; turns: HostTurns; budget: ByteBudget; options: GuardedFetchOptions }

/** Makes a guarded fetch with its own limits; one for a process is enough. */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const way: Way = {
    fetch: options.allowPrivateHosts
      ? globalThis.fetch
      : (safeDispatchFetchWrap({ checkUrl: checkUnicastPolicy, lookup: publicLookup }) as typeof fetch),
    turns: createHostTurns(options.maxPerHost ?? 8),
    budget: createByteBudget({
      maxPerHost: options.maxPerHost ?? 8,
      budgetBytes: options.budgetBytes ?? 50e9,
      budgetWindowMs: options.budgetWindowMs ?? 3_600_000,
    }),
    options,
  }
  return {
    openStream: (url, request) => open(way, parseUrl(url), request),
    async fetchBytes(url, request) {
      await using stream = await open(way, parseUrl(url), request)
      const chunks: Uint8Array[] = []
      for await (const chunk of stream.body) chunks.push(chunk)
      const bytes = chunks.length === 1 ? chunks[0]! : new Uint8Array(Buffer.concat(chunks))
      return { url: stream.url, status: stream.status, headers: stream.headers, bytes }
    },
  }
}

async function open(way: Way, url: URL, request: GuardedRequest, hops = 0): Promise<FetchedStream> {
  checkAddress(url, way.options.allowPrivateHosts)
  way.budget.check(`host:${url.hostname}`)
  if (request.account) way.budget.check(`account:${request.account}`)
  const release = await way.turns.acquire(url.host, { wait: request.wait ?? true, signal: request.signal })
  const clock = startClock(url.origin, request)
  const close = async () => {
    clock.stop()
    release()
  }
  try {
    const response = await way.fetch(url, {
      method: request.method ?? 'GET',
      headers: { 'user-agent': way.options.userAgent ?? 'holdfast', ...request.headers },
      redirect: 'manual',
      signal: clock.signal,
    })
    const next = redirectTarget(url, response)
    if (next) {
      await response.body?.cancel()
      await close()
      if (hops >= MAX_REDIRECTS)
        throw new NetworkError(`${url.origin} redirects more than ${MAX_REDIRECTS} times`)
      return await open(way, next, request, hops + 1)
    }
    honourPause(way, url, response)
    if (!response.ok) throw await statusError(url, response)
    if (Number(response.headers.get('content-length')) > request.maxBytes && request.method !== 'HEAD') {
      await response.body?.cancel()
      throw new TooLargeError(url.origin, request.maxBytes)
    }
    const body = readLimited({ way, url, request, response, clock })
    return {
      url,
      status: response.status,
      headers: response.headers,
      body,
      async [Symbol.asyncDispose]() {
        clock.abort()
        await close()
      },
    }
  } catch (cause) {
    clock.abort()
    await close()
    throw explain(cause, { url, clock, request })
  }
}

async function* readLimited(reading: {
  way: Way
  url: URL
  request: GuardedRequest
  response: Response
  clock: FetchClock
}): AsyncGenerator<Uint8Array> {
  const { way, url, request, response, clock } = reading
  let readBytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      clock.heard()
      readBytes += chunk.length
      way.budget.spend(`host:${url.hostname}`, chunk.length)
      if (request.account) way.budget.spend(`account:${request.account}`, chunk.length)
      if (readBytes > request.maxBytes) throw new TooLargeError(url.origin, request.maxBytes)
      // The consumer's own time is not the host's: the stall clock runs only while we wait.
      clock.hold()
      yield chunk
      clock.heard()
    }
  } catch (cause) {
    throw explain(cause, { url, clock, request })
  }
}

function parseUrl(url: string | URL): URL {
  if (url instanceof URL) return url
  if (URL.canParse(url)) return new URL(url)
  throw new PrivateAddressError(`${JSON.stringify(url.slice(0, 200))} is not a URL`)
}

function checkAddress(url: URL, allowPrivateHosts: boolean): void {
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new PrivateAddressError(`${url.protocol} addresses are not fetched, only https: and http:`)
  }
  if (url.username || url.password)
    throw new PrivateAddressError(`${url.host}: addresses with a password are not fetched`)
  if (!allowPrivateHosts && checkUnicastPolicy(url)) {
    throw new PrivateAddressError(`${url.host} is not a public address`)
  }
}

/** The library's lookup, with its refusals told apart from DNS failures (which carry a code). */
const publicLookup: LookupFunction = (hostname, options, callback) =>
  unicastLookup(hostname, options, (error, address, family) => {
    const refused = error && !('code' in error && error.code)
    callback(refused ? new PrivateAddressError(`${hostname} is not a public host`) : error, address, family)
  })

function redirectTarget(url: URL, response: Response): URL | undefined {
  const location = response.headers.get('location')
  if (!location || ![301, 302, 303, 307, 308].includes(response.status)) return undefined
  if (!URL.canParse(location, url.href))
    throw new NetworkError(`${url.origin} redirects to something that is not a URL`)
  return new URL(location, url)
}

/** Retry-After (RFC 9110 §10.2.3) and the RateLimit headers a PDS sends: the host is left alone until then. */
function honourPause(way: Way, url: URL, response: Response): void {
  const retryAfterMs = readRetryAfterMs(response.headers)
  const spent = response.headers.get('ratelimit-remaining') === '0'
  if (retryAfterMs && (response.status === 429 || response.status === 503 || spent)) {
    way.turns.pause(url.host, Date.now() + retryAfterMs)
  }
}

async function statusError(url: URL, response: Response): Promise<HttpStatusError> {
  let body = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    body += decoder.decode(chunk, { stream: true })
    if (body.length >= ERROR_BODY_BYTES) break
  }
  const answer = { status: response.status, body: body.slice(0, ERROR_BODY_BYTES) }
  return new HttpStatusError(url, { ...answer, retryAfterMs: readRetryAfterMs(response.headers) })
}

/** Node wraps what went wrong in `TypeError: fetch failed`; the reason is at the bottom of the causes. */
function explain(cause: unknown, context: { url: URL; clock: FetchClock; request: GuardedRequest }): unknown {
  if (context.request.signal?.aborted) return context.request.signal.reason
  if (context.clock.expired && context.clock.signal.aborted) return context.clock.signal.reason
  for (let at: unknown = cause; at instanceof Error; at = at.cause)
    if (at instanceof GuardedFetchError) return at
  let deepest = cause
  while (deepest instanceof Error && deepest.cause instanceof Error) deepest = deepest.cause
  const message = deepest instanceof Error ? deepest.message : String(deepest)
  return new NetworkError(`cannot reach ${context.url.origin}: ${message}`, { cause })
}
