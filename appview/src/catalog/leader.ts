import { setTimeout as wait } from 'node:timers/promises'
import postgres from 'postgres'

/** The right to ingest: of all processes on one store, one has it at a time. */
export type Leadership = AsyncDisposable & {
  /** Fires when the right is gone, as when the server restarted: stop, and ask again. */
  readonly lost: AbortSignal
}

/** Any number will do that nothing else on the server locks; these are the letters of the project. */
const LOCK_KEY = 0x686f6c6466
const POLL_MS = 500

/**
 * Waits until no other process leads. The right hangs on a connection of its own, so the death of a leader frees
 * it at once. The embedded store has one process only, which leads. Throws when the signal fires.
 */
export async function becomeLeader(
  databaseUrl: string | undefined,
  options: { signal: AbortSignal; onStandby?: () => void },
): Promise<Leadership> {
  if (!databaseUrl) return { lost: new AbortController().signal, async [Symbol.asyncDispose]() {} }
  for (let round = 0; ; round++) {
    options.signal.throwIfAborted()
    const leadership = await tryToLead(databaseUrl)
    if (leadership) return leadership
    if (round === 0) options.onStandby?.()
    await wait(POLL_MS, undefined, { signal: options.signal })
  }
}

async function tryToLead(databaseUrl: string): Promise<Leadership | undefined> {
  const lost = new AbortController()
  const client = postgres(databaseUrl, {
    max: 1,
    idle_timeout: 0,
    max_lifetime: null,
    connect_timeout: 10,
    onnotice: () => {},
    onclose: () => lost.abort(new Error('the connection that holds the right to ingest was closed')),
    connection: { application_name: 'holdfast-leader' },
  })
  const leads = await client`SELECT pg_try_advisory_lock(${LOCK_KEY}) AS leads`.then(
    ([row]) => row?.leads === true,
    () => false,
  )
  if (leads && !lost.signal.aborted) {
    return { lost: lost.signal, [Symbol.asyncDispose]: () => client.end({ timeout: 1 }) }
  }
  await client.end({ timeout: 1 })
  return undefined
}
