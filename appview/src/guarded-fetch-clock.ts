import { FetchTimeoutError, NetworkError } from './guarded-fetch-errors.ts'

const DEFAULT_STALL_MS = 15_000

/** The time a host gets: a limit on the whole exchange, and one on each wait for it. */
export type FetchClock = {
  readonly signal: AbortSignal
  readonly expired: boolean
  heard(): void
  hold(): void
  stop(): void
  abort(): void
}

/** Starts both limits; `stallMs` is 15 s unless told otherwise. */
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
  const stallMs = Math.min(request.stallMs ?? DEFAULT_STALL_MS, request.timeoutMs)
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
