/**
 * How long a caller waits for the store. A request waits a few seconds at most. Following the network, migrations and
 * upkeep have no such limit, since nobody waits for their answer.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { setTimeout as pause } from 'node:timers/promises'
import { StoreUnavailableError } from './store-unavailable.ts'

interface Asking {
  readonly msLeft: () => number
  readonly visitor: string | undefined
}

const patience = new AsyncLocalStorage<Asking>()

/**
 * Runs `work`, during which every statement must be answered within `msLeft()` milliseconds of being sent, and waits in
 * queues under the name of `visitor`.
 */
export function withPatience<T>(msLeft: () => number, work: () => T, visitor?: string): T {
  return patience.run({ msLeft, visitor }, work)
}

/** The visitor for whom the current work is done; undefined for this program's own work. */
export function whoAsks(): string | undefined {
  return patience.getStore()?.visitor
}

/**
 * Resolves with what `task` resolves with, if in time. A late task is not stopped by that; `onLate` should abandon it.
 *
 * @throws StoreUnavailableError
 */
export async function inTime<T>(task: Promise<T>, text: string, onLate: () => void): Promise<T> {
  const msLeft = patience.getStore()?.msLeft
  if (msLeft === undefined) return task
  const calm = new AbortController()
  const late = pause(Math.max(0, msLeft()), undefined, { signal: calm.signal }).then(() => {
    onLate()
    throw new StoreUnavailableError(text)
  })
  late.catch(() => {})
  try {
    return await Promise.race([task, late])
  } finally {
    calm.abort()
    task.catch(() => {})
  }
}
