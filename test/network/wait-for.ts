import { setTimeout as pause } from 'node:timers/promises'

export interface WaitOptions {
  /** What is waited for; it is the end of the failure message. */
  what: string
  timeoutMs?: number
  intervalMs?: number
}

/**
 * Polls `condition` until it returns something truthy, and returns that. After `timeoutMs` (30 s by default) it throws
 * an error that names `what`, with the last error of the condition as its cause.
 */
export async function waitFor<T>(condition: () => T | Promise<T>, options: WaitOptions): Promise<Truthy<T>> {
  const { what, timeoutMs = 30_000, intervalMs = 10 } = options
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const outcome = await attempt(condition)
    if (outcome.value) return outcome.value as Truthy<T>
    if (performance.now() >= deadline) {
      const seen =
        'error' in outcome ? `it threw: ${messageOf(outcome.error)}` : `it returned ${String(outcome.value)}`
      throw new Error(`waited ${timeoutMs} ms in vain for ${what}; at last ${seen}`, { cause: outcome.error })
    }
    await pause(intervalMs)
  }
}

type Truthy<T> = Exclude<T, false | 0 | '' | null | undefined>

async function attempt<T>(condition: () => T | Promise<T>): Promise<{ value?: T; error?: unknown }> {
  try {
    return { value: await condition() }
  } catch (error) {
    return { error }
  }
}

const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error))
