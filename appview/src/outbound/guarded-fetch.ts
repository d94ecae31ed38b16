import { safeDispatchFetchWrap } from '@atproto-labs/fetch-node'
import { type BookedRequest, createDialer, type Dialer, type DialOptions, type Target } from './dial.ts'
import { type FetchClock, startClock } from './guarded-fetch-clock.ts'
import {
  GuardedFetchError,
  HttpStatusError,
  NetworkError,
  PrivateAddressError,
  TooLargeError,
} from './guarded-fetch-errors.ts'
import { type ByteBudget, createByteBudget, readRetryAfterMs } from './guarded-fetch-limits.ts'
import type { NamedAddress } from './hosts-file.ts'
import { joinBytes } from './join-bytes.ts'
import { createNames, type NameCaller } from './names.ts'
import { isPublicHost } from './public-host.ts'

/**
 * The only way to send requests to an address that a stranger chose. Names are checked at the moment of connecting, on every
 * redirect, so neither DNS rebinding nor a `Location` header reaches a private host.
 */
export interface GuardedFetch {
  /** Reads a whole answer of at most `maxBytes`. Throws a {@link GuardedFetchError}. */
  fetchBytes(url: string | URL, request: GuardedRequest): Promise<FetchedBytes>
  /** Opens an answer to be read as it comes; dispose of it to hang up. Throws a {@link GuardedFetchError}. */
  openStream(url: string | URL, request: GuardedRequest): Promise<FetchedStream>
  /**
   * For protocols other than HTTP: resolves a host to an address, with the same checks and counted in the same budgets.
   * Throws a {@link GuardedFetchError}.
   */
  findAddress(target: Target, request: BookedRequest): Promise<NamedAddress>
  /** The texts of a name's TXT records. Throws a NameError. */
  textsOf(hostname: string, caller: NameCaller): Promise<readonly string[]>
  /** A guarded fetch with other limits for each host; the resolver of names and the request budget stay shared. */
  withLimits(limits: HostLimitOptions): GuardedFetch
}

export type GuardedRequest = BookedRequest & {
  readonly maxBytes: number
  /** The time limit for the whole exchange, including the body. */
  readonly timeoutMs: number
  /** The time limit for each wait on the host; by default 15 s. */
  readonly stallMs?: number
  readonly headers?: Readonly<Record<string, string>>
  readonly method?: 'GET' | 'HEAD'
}

export interface FetchedBytes {
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

export type GuardedFetchOptions = DialOptions &
  HostLimitOptions & {
    readonly userAgent?: string
  }

export interface HostLimitOptions {
  readonly maxPerHost?: number
  readonly budgetBytes?: number
  readonly budgetWindowMs?: number
}

const maxRedirects = 5
const errorBodyBytes = 2_048

interface Way {
  fetch: typeof fetch
  dialer: Dialer
  budget: ByteBudget
  options: GuardedFetchOptions
}

/** Makes a guarded fetch with limits of its own; a process needs only one. */
export function createGuardedFetch(options: GuardedFetchOptions): GuardedFetch {
  const names = options.names ?? createNames()
  const dialer = createDialer({ ...options, names })
  const checkUrl = options.allowPrivateHosts ? undefined : refusePrivateHost
  const way: Way = {
    fetch: safeDispatchFetchWrap({ checkUrl, lookup: dialer.lookup }) as typeof fetch,
    dialer,
    budget: createByteBudget({
      maxPerHost: options.maxPerHost ?? 8,
      budgetBytes: options.budgetBytes ?? 50e9,
      budgetWindowMs: options.budgetWindowMs ?? 3_600_000,
    }),
    options,
  }
  return {
    openStream: (url, request) => open(way, parseUrl(url), request),
    textsOf: names.textsOf,
    withLimits: (limits) => createGuardedFetch({ ...options, names, ...limits }),
    async findAddress(target, request) {
      if (!options.allowPrivateHosts && !isPublicHost(target.hostname))
        throw new PrivateAddressError(`${target.hostname} is not a public address`)
      const found = await dialer.find(target, request)
      await dialer.book(found, request)
      return found.addresses[0]!
    },
    async fetchBytes(url, request) {
      await using stream = await open(way, parseUrl(url), request)
      const chunks: Uint8Array[] = []
      for await (const chunk of stream.body) chunks.push(chunk)
      const bytes = chunks.length === 1 ? chunks[0]! : joinBytes(chunks)
      return { url: stream.url, status: stream.status, headers: stream.headers, bytes }
    },
  }
}

async function open(way: Way, url: URL, request: GuardedRequest, hops = 0): Promise<FetchedStream> {
  checkAddress(url, way.options.allowPrivateHosts)
  if (request.account) way.budget.check(`account:${request.account}`)
  const found = await way.dialer.find(targetOf(url), request)
  const spender = `address:${found.key}`
  way.budget.check(spender)
  const release = await way.dialer.enter(found, request)
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
      if (hops >= maxRedirects)
        throw new NetworkError(`${url.origin} redirects more than ${maxRedirects} times`)
      return await open(way, next, request, hops + 1)
    }
    honorPause(way, url, response)
    if (!response.ok) throw await statusError(url, response)
    if (Number(response.headers.get('content-length')) > request.maxBytes && request.method !== 'HEAD') {
      await response.body?.cancel()
      throw new TooLargeError(url.origin, request.maxBytes)
    }
    const body = readLimited({ way, url, request, response, clock, spender })
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
  spender: string
}): AsyncGenerator<Uint8Array> {
  const { way, url, request, response, clock, spender } = reading
  let readBytes = 0
  try {
    for await (const chunk of response.body ?? []) {
      clock.heard()
      readBytes += chunk.length
      way.budget.spend(spender, chunk.length)
      if (request.account) way.budget.spend(`account:${request.account}`, chunk.length)
      if (readBytes > request.maxBytes) throw new TooLargeError(url.origin, request.maxBytes)
      // The stall clock runs only while we wait for the host, not while the consumer works.
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
  if (!allowPrivateHosts && !isPublicHost(url.hostname)) {
    throw new PrivateAddressError(`${url.host} is not a public address`)
  }
}

const refusePrivateHost = (url: URL) => (isPublicHost(url.hostname) ? undefined : 'it is not a public host')

function targetOf({ protocol, hostname, port }: URL): Target {
  return { hostname, port: port || (protocol === 'https:' ? '443' : '80') }
}

function redirectTarget(url: URL, response: Response): URL | undefined {
  const location = response.headers.get('location')
  if (!location || ![301, 302, 303, 307, 308].includes(response.status)) return undefined
  if (!URL.canParse(location, url.href))
    throw new NetworkError(`${url.origin} redirects to something that is not a URL`)
  return new URL(location, url)
}

/** Retry-After (RFC 9110 §10.2.3) and the RateLimit headers a PDS sends: nothing is sent to the host until then. */
function honorPause(way: Way, url: URL, response: Response): void {
  const retryAfterMs = readRetryAfterMs(response.headers)
  const spent = response.headers.get('ratelimit-remaining') === '0'
  if (retryAfterMs && (response.status === 429 || response.status === 503 || spent)) {
    way.dialer.pause(targetOf(url), Date.now() + retryAfterMs)
  }
}

async function statusError(url: URL, response: Response): Promise<HttpStatusError> {
  let body = ''
  const decoder = new TextDecoder()
  for await (const chunk of response.body ?? []) {
    body += decoder.decode(chunk, { stream: true })
    if (body.length >= errorBodyBytes) break
  }
  const answer = { status: response.status, body: body.slice(0, errorBodyBytes) }
  return new HttpStatusError(url, { ...answer, retryAfterMs: readRetryAfterMs(response.headers) })
}

/** Node wraps what went wrong in `TypeError: fetch failed`; the real reason is the last in the chain of causes. */
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
