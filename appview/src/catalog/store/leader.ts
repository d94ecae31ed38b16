import { setTimeout as wait } from 'node:timers/promises'
import { openHeldConnection } from './held-connection.ts'

/** What one process of all on one store does at a time: follow the network, or look after contents and swarms. */
export type Right = 'ingest' | 'swarms'

/** A right, while it is held. */
export type Leadership = AsyncDisposable & {
  /** Fires when the right is gone, as when the server restarted: stop, and ask again. */
  readonly lost: AbortSignal
}

/** Any numbers will do that nothing else on the server locks; these are the letters of the project. */
const LOCK_KEYS: Readonly<Record<Right, number>> = { ingest: 0x686f6c6466, swarms: 0x686f6c6467 }
const POLL_MS = 500
const PAUSE_MS = 200

/**
 * Waits until no other process leads. The right hangs on a connection of its own, so the death of a leader frees
 * it at once. The embedded store has one process only, which leads. Throws when the signal fires.
 */
export async function becomeLeader(
  right: Right,
  databaseUrl: string | undefined,
  options: { signal: AbortSignal; onStandby?: () => void },
): Promise<Leadership> {
  if (!databaseUrl) return { lost: new AbortController().signal, async [Symbol.asyncDispose]() {} }
  for (let round = 0; ; round++) {
    options.signal.throwIfAborted()
    const leadership = await tryToLead(right, databaseUrl)
    if (leadership) return leadership
    if (round === 0) options.onStandby?.()
    await wait(POLL_MS, undefined, { signal: options.signal })
  }
}

/**
 * Does `work` whenever this process has the right, until the outer signal fires; the signal it is given fires when
 * the right is lost, too. What it throws is told, and it begins again.
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
    if (!signal.aborted) await wait(PAUSE_MS, undefined, { signal }).catch(() => {})
  }
}

async function tryToLead(right: Right, databaseUrl: string): Promise<Leadership | undefined> {
  const lost = new AbortController()
  const client = openHeldConnection(databaseUrl, {
    applicationName: 'holdfast-leader',
    onClosed: () => lost.abort(new Error('the connection that holds the right was closed')),
  })
  const leads = await client`SELECT pg_try_advisory_lock(${LOCK_KEYS[right]}) AS leads`.then(
    ([row]) => row?.leads === true,
    () => false,
  )
  if (leads && !lost.signal.aborted) {
    return { lost: lost.signal, [Symbol.asyncDispose]: () => client.end({ timeout: 1 }) }
  }
  await client.end({ timeout: 1 })
  return undefined
}
