import { retryAfterMs } from '@holdfast/runtime/retry-after'
import { HostBusyError } from './guarded-fetch-errors.ts'

/** Limits for one host, and for one account whose records name hosts. */
export interface HostLimits {
  /** The most requests in flight to one host. */
  readonly maxPerHost: number
  /** The most bytes read from one host, or on behalf of one account, in `budgetWindowMs`. */
  readonly budgetBytes: number
  readonly budgetWindowMs: number
}

/** Queues requests by host: a request waits until one of the host's places is free and no pause is in force. */
export interface HostTurns {
  acquire(host: string, options: { wait: boolean; signal: AbortSignal | undefined }): Promise<() => void>
  pause(host: string, untilMs: number): void
}

/** Byte budgets by key (`host:…`, `account:…`), counted in fixed windows. */
export interface ByteBudget {
  /** Throws {@link HostBusyError} when the key has nothing left in this window. */
  check(key: string): void
  spend(key: string, sizeBytes: number): void
}

interface Lane {
  active: number
  waiting: Array<() => void>
  pausedUntilMs: number
}

const maxWaitingPerHost = 1_000
const sweepEvery = 10_000
const maxPauseMs = 3_600_000

/** Serves requests of one host first come, first served, at most `maxPerHost` at once. */
export function createHostTurns(maxPerHost: number, now: () => number = Date.now): HostTurns {
  const lanes = new Map<string, Lane>()
  const release = (host: string, lane: Lane) => () => {
    const next = lane.waiting.shift()
    if (next) return next()
    lane.active--
    if (lane.active === 0 && lane.pausedUntilMs <= now()) lanes.delete(host)
  }
  return {
    async acquire(host, { wait, signal }) {
      const lane = lanes.get(host) ?? { active: 0, waiting: [], pausedUntilMs: 0 }
      lanes.set(host, lane)
      const pauseMs = lane.pausedUntilMs - now()
      if (pauseMs > 0) throw new HostBusyError(host, 'asked us to wait', pauseMs)
      if (lane.active < maxPerHost) {
        lane.active++
        return once(release(host, lane))
      }
      if (!wait || lane.waiting.length >= maxWaitingPerHost) {
        throw new HostBusyError(host, `has ${maxPerHost} requests under way`, 1_000)
      }
      await waitForTurn(lane, signal)
      return once(release(host, lane))
    },
    pause(host, untilMs) {
      const lane = lanes.get(host) ?? { active: 0, waiting: [], pausedUntilMs: 0 }
      lane.pausedUntilMs = Math.max(lane.pausedUntilMs, untilMs)
      lanes.set(host, lane)
    },
  }
}

function waitForTurn(lane: Lane, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = () => {
      lane.waiting.splice(lane.waiting.indexOf(onTurn), 1)
      reject(signal!.reason)
    }
    const onTurn = () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    }
    signal?.throwIfAborted()
    signal?.addEventListener('abort', onAbort, { once: true })
    lane.waiting.push(onTurn)
  })
}

/** Counts bytes by key; a key may overshoot by one response, whose own limit bounds it. */
export function createByteBudget(limits: HostLimits, now: () => number = Date.now): ByteBudget {
  const windows = new Map<string, { startedMs: number; spentBytes: number }>()
  let spends = 0
  const current = (key: string) => {
    const window = windows.get(key)
    return window && now() - window.startedMs < limits.budgetWindowMs ? window : undefined
  }
  return {
    check(key) {
      const window = current(key)
      if (!window || window.spentBytes < limits.budgetBytes) return
      const leftMs = window.startedMs + limits.budgetWindowMs - now()
      throw new HostBusyError(key, `has used its budget of ${limits.budgetBytes} bytes`, leftMs)
    },
    spend(key, sizeBytes) {
      const window = current(key)
      if (window) window.spentBytes += sizeBytes
      else windows.set(key, { startedMs: now(), spentBytes: sizeBytes })
      if (++spends % sweepEvery === 0)
        for (const old of windows.keys()) if (!current(old)) windows.delete(old)
    },
  }
}

/** The pause that a host asks for (Retry-After, RateLimit-Reset), in milliseconds, at most an hour; undefined when it asks for none. */
export function readRetryAfterMs(headers: Headers): number | undefined {
  const reset = Number(headers.get('ratelimit-reset'))
  const waitMs =
    retryAfterMs(headers.get('retry-after'), Date.now()) ??
    (reset > 1e9 ? reset * 1_000 - Date.now() : reset * 1_000)
  return waitMs > 0 ? Math.min(waitMs, maxPauseMs) : undefined
}

function once(action: () => void): () => void {
  let done = false
  return () => {
    if (done) return
    done = true
    action()
  }
}
