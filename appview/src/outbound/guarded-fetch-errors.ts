/** Any way in which a guarded fetch fails; `retryable` says whether the same request may succeed later. */
export abstract class GuardedFetchError extends Error {
  abstract readonly kind:
    | 'private-address'
    | 'too-large'
    | 'timeout'
    | 'http-status'
    | 'host-busy'
    | 'network'
  abstract readonly retryable: boolean
  override readonly name = 'GuardedFetchError'
}

/** The address, or what its name resolves to, is not a public one; or the URL is not http(s). */
export class PrivateAddressError extends GuardedFetchError {
  readonly kind = 'private-address'
  readonly retryable = false
}

/** The response is longer than `maxBytes`. */
export class TooLargeError extends GuardedFetchError {
  readonly kind = 'too-large'
  readonly retryable = false
  readonly maxBytes: number
  constructor(origin: string, maxBytes: number) {
    super(`${origin} sent more than the ${maxBytes} bytes allowed for this request`)
    this.maxBytes = maxBytes
  }
}

/** The whole answer did not arrive within `timeoutMs`, or nothing of it for the stall time. */
export class FetchTimeoutError extends GuardedFetchError {
  readonly kind = 'timeout'
  readonly retryable = true
}

/** The host answered with a status that is not 2xx; `body` holds at most its first 2 kB. */
export class HttpStatusError extends GuardedFetchError {
  readonly kind = 'http-status'
  readonly retryable: boolean
  readonly status: number
  readonly body: string
  readonly retryAfterMs: number | undefined
  constructor(url: URL, answer: { status: number; body: string; retryAfterMs: number | undefined }) {
    super(`${url.origin}${url.pathname} answered with status ${answer.status}`)
    this.status = answer.status
    this.body = answer.body
    this.retryAfterMs = answer.retryAfterMs
    this.retryable = answer.status === 429 || answer.status === 408 || answer.status >= 500
  }
}

/** The host asked for a pause, is at its limit of requests, or has used its byte budget. */
export class HostBusyError extends GuardedFetchError {
  readonly kind = 'host-busy'
  readonly retryable = true
  readonly retryAfterMs: number
  constructor(host: string, why: string, retryAfterMs: number) {
    super(`${host} ${why}; try again in ${Math.ceil(retryAfterMs / 1000)} s`)
    this.retryAfterMs = retryAfterMs
  }
}

/** No connection, a broken one, or an answer that is not HTTP. */
export class NetworkError extends GuardedFetchError {
  readonly kind = 'network'
  readonly retryable = true
}
