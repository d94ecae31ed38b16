import { retryAfterMs } from '@holdfast/runtime/retry-after'
import type { SessionManager } from './session-manager.ts'

/** Reports how long requests will wait, and why, so that a person sees it. */
export type OnWait = (waitMs: number, reason: 'budget-spent' | 'too-many-requests') => void

export interface PacingOptions {
  readonly onWait?: OnWait
  readonly signal?: AbortSignal
  /** The longest wait; a request that would have to wait longer gets the server's refusal. Default: no limit. */
  readonly maxWaitMs?: number
}

/** Points that a call costs on a PDS (write limits of the reference PDS: create 3, put 2, delete 1). */
const costs: Record<string, number> = {
  'com.atproto.repo.createRecord': 3,
  'com.atproto.repo.putRecord': 2,
  'com.atproto.repo.deleteRecord': 1,
}

const defaultWaitMs = 5_000

/**
 * A session that keeps within its PDS's rate limits: it reads their headers, waits for the next window when a budget is
 * used up, and repeats requests that were refused with 429, however long that takes.
 */
export function pacedSession(session: SessionManager, options: PacingOptions = {}): SessionManager {
  const budgets = new Map<string, Budget>()
  return {
    get did() {
      return session.did
    },
    async fetchHandler(path, init) {
      const method = /\/xrpc\/([^?]+)/.exec(path)?.[1] ?? path
      for (;;) {
        await rest(budgets.get(method), costs[method] ?? 1, options)
        const answer = await session.fetchHandler(path, init)
        const budget = readBudget(answer.headers)
        if (budget) budgets.set(method, budget)
        if (answer.status !== 429) return answer
        const waitMs = refusalMs(answer.headers, budget)
        if (waitMs > (options.maxWaitMs ?? Infinity)) return answer
        await answer.body?.cancel()
        await pause(waitMs, 'too-many-requests', options)
      }
    },
  }
}

interface Budget {
  readonly remaining: number
  readonly resetsAtMs: number
}

/** Reads `RateLimit-Remaining` and `RateLimit-Reset` (seconds since 1970, as PDSes send it). */
function readBudget(headers: Headers): Budget | undefined {
  const [remaining, reset] = [headers.get('ratelimit-remaining'), headers.get('ratelimit-reset')]
  if (remaining === null || reset === null) return undefined
  return { remaining: Number(remaining), resetsAtMs: Number(reset) * 1000 }
}

async function rest(budget: Budget | undefined, cost: number, options: PacingOptions): Promise<void> {
  if (!budget || !(budget.remaining < cost)) return
  const waitMs = budget.resetsAtMs - Date.now()
  if (waitMs > 0) await pause(waitMs, 'budget-spent', options)
}

/** How long a 429 tells us to wait: `Retry-After`, else the end of the window. */
function refusalMs(headers: Headers, budget: Budget | undefined): number {
  return (
    retryAfterMs(headers.get('retry-after'), Date.now()) ??
    (budget ? budget.resetsAtMs - Date.now() : defaultWaitMs)
  )
}

async function pause(waitMs: number, reason: 'budget-spent' | 'too-many-requests', options: PacingOptions) {
  // PDSes round the end of the window down to a whole second; waiting one second more avoids another refusal.
  const ms = Math.max(waitMs, 0) + 1_000
  options.onWait?.(ms, reason)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const timer = setTimeout(resolve, ms)
  const stop = () => reject(options.signal?.reason)
  options.signal?.addEventListener('abort', stop, { once: true })
  try {
    options.signal?.throwIfAborted()
    await promise
  } finally {
    clearTimeout(timer)
    options.signal?.removeEventListener('abort', stop)
  }
}
