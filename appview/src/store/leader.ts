import { setTimeout as wait } from 'node:timers/promises'
import { sql } from 'drizzle-orm'
import { openDedicatedConnection } from './dedicated-connection.ts'
import { type Db, rows } from './sql.ts'

/** Work that only one of all processes on one store does at a time: following the network, or checking contents and swarms. */
export type Right = 'ingest' | 'swarms'

/** The right to do that work, until it is disposed of or lost. */
export type Leadership = AsyncDisposable & {
  /** Fires when the right is lost, as when the server restarts. Stop the work then, and ask for the right again. */
  readonly lost: AbortSignal
}

/** Keys of advisory locks: any numbers that nothing else on the server locks. These spell the project's name. */
const lockKeys: Readonly<Record<Right, number>> = { ingest: 0x686f6c6466, swarms: 0x686f6c6467 }
const pollMs = 250
const pauseMs = 200

/**
 * Waits until no other process leads. The right is a lock on a connection of its own, so it is freed as soon as a leader
 * dies. The embedded store has only one process, which always leads. Throws when the signal fires.
 */
export async function becomeLeader(
  right: Right,
  databaseUrl: string | undefined,
  options: { signal: AbortSignal; onStandby?: () => void },
): Promise<Leadership> {
  if (!databaseUrl) return { lost: new AbortController().signal, async [Symbol.asyncDispose]() {} }
  for (;;) {
    options.signal.throwIfAborted()
    const leadership = await waitToLead(right, databaseUrl, options)
    if (leadership) return leadership
    await wait(pollMs, undefined, { signal: options.signal })
  }
}

/** Takes the right until the transaction ends. Resolves with whether it was free. */
export async function tryToLead(right: Right, tx: Db): Promise<boolean> {
  const [row] = await rows<{ leads: boolean }>(
    tx,
    sql`SELECT pg_try_advisory_xact_lock(${lockKeys[right]}::bigint) AS leads`,
  )
  return row?.leads === true
}

/**
 * Runs `work` whenever this process has the right, until the outer signal fires. The signal that `work` gets also fires
 * when the right is lost. An error that it throws is reported, and `work` is started again.
 */
export async function keepLeading(
  right: Right,
  databaseUrl: string | undefined,
  options: {
    signal: AbortSignal
    work: (signal: AbortSignal) => Promise<void>
    onStandby: () => void
    onFault: (error: unknown) => void
  },
): Promise<void> {
  const { signal, work, onStandby, onFault } = options
  const leadOnce = async (): Promise<void> => {
    await using leadership = await becomeLeader(right, databaseUrl, { signal, onStandby })
    await work(AbortSignal.any([signal, leadership.lost]))
  }
  while (!signal.aborted) {
    await leadOnce().catch((error) => {
      if (!signal.aborted) onFault(error)
    })
    if (!signal.aborted) await wait(pauseMs, undefined, { signal }).catch(() => {})
  }
}

/**
 * Tries to take the lock again and again over one connection. A statement that waits for the lock would keep the server
 * from vacuuming old rows meanwhile. Undefined when the connection was lost. Throws when the signal fires.
 */
async function waitToLead(
  right: Right,
  databaseUrl: string,
  { signal, onStandby }: { signal: AbortSignal; onStandby?: () => void },
): Promise<Leadership | undefined> {
  const lost = new AbortController()
  const client = openDedicatedConnection(databaseUrl, {
    applicationName: 'holdfast-leader',
    onClosed: () => lost.abort(new Error('the connection that holds the right was closed')),
  })
  const ask = () =>
    client`SELECT pg_try_advisory_lock(${lockKeys[right]}) AS leads`.then(
      ([row]) => row?.leads === true,
      () => undefined,
    )
  try {
    for (let round = 0; ; round++) {
      const leads = await ask()
      // The driver may have reconnected silently, and then the lock was lost.
      if (leads === undefined || lost.signal.aborted) break
      if (leads) return { lost: lost.signal, [Symbol.asyncDispose]: () => client.end({ timeout: 1 }) }
      if (round === 0) onStandby?.()
      await wait(pollMs, undefined, { signal })
    }
  } catch (error) {
    await client.end({ timeout: 1 })
    throw error
  }
  await client.end({ timeout: 1 })
  return undefined
}
