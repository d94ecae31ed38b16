import { FetchTimeoutError, NetworkError } from './guarded-fetch-errors.ts'

const defaultStallMs = 15_000

/** Time limits for one request: one on the whole exchange, and one on each wait for the host. */
export interface FetchClock {
  readonly signal: AbortSignal
  readonly expired: boolean
  heard(): void
  hold(): void
  stop(): void
  abort(): void
}

/** Starts both limits; `stallMs` is 15 s by default. */
export function startClock(
  origin: string,
  request: { timeoutMs: number; stallMs?: number; signal?: AbortSignal },
): FetchClock {
  const controller = new AbortController()
  let expired = false
  const expire = (what: string, limitMs: number) => () => {
    expired = true
    controller.abort(new FetchTimeoutError(`${origin} ${what} ${limitMs} ms`))
  }
  const stallMs = Math.min(request.stallMs ?? defaultStallMs, request.timeoutMs)
  const whole = setTimeout(expire('took longer than', request.timeoutMs), request.timeoutMs)
  let stall = setTimeout(expire('sent nothing for', stallMs), stallMs)
  return {
    signal: request.signal ? AbortSignal.any([request.signal, controller.signal]) : controller.signal,
    get expired() {
      return expired
    },
    heard() {
      clearTimeout(stall)
      stall = setTimeout(expire('sent nothing for', stallMs), stallMs)
    },
    hold: () => clearTimeout(stall),
    stop() {
      clearTimeout(whole)
      clearTimeout(stall)
    },
    abort: () => controller.abort(new NetworkError(`the request to ${origin} was given up`)),
  }
}
