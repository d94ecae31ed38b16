import type { StreamedTorrent } from '@holdfast/torrent/create-streamed'
import type { Pace } from '../pace.ts'
import type { ThreadPool } from './thread-pool.ts'
import type { FileFault } from './unit.ts'
import type { PlannedUnit } from './units.ts'

export interface RunOptions {
  /** How many connections there are to one host at most, and in all. */
  readonly perHost: number
  readonly lanes: number
  readonly pace?: Pace | undefined
  readonly signal: AbortSignal
}

/** How many units are looked at to find one whose host is free. */
const lookAhead = 64

/**
 * Runs all units, and stores each piece when it is done. A file with a fault is left, the others go on; a host that cannot be
 * reached ends the run. Resolves to the faults by the files' addresses; rejects for a fault of our own, and when aborted.
 */
export async function runUnits(
  units: Iterator<PlannedUnit>,
  torrent: StreamedTorrent,
  { pool, perHost, lanes, pace, signal }: RunOptions & { readonly pool: ThreadPool },
): Promise<ReadonlyMap<string, FileFault>> {
  const faults = new Map<string, FileFault>()
  const busy = new Map<number, number>()
  const waiting: PlannedUnit[] = []
  let isDry = false
  let isUnreachable = false
  let running = 0
  let failure: { readonly error: unknown } | undefined
  // One promise a wait: a race with one that lasts would keep something for each unit that ends.
  let wakeUp = Promise.withResolvers<void>()
  const fail = (error: unknown) => {
    failure ??= { error }
    wakeUp.resolve()
  }
  const onAbort = () => fail(signal.reason)
  signal.throwIfAborted()
  signal.addEventListener('abort', onAbort, { once: true })

  const isFree = ({ hosts }: PlannedUnit) => [...hosts].every((host) => (busy.get(host) ?? 0) < perHost)
  const isSpoilt = ({ unit }: PlannedUnit) => unit.parts.some(({ url }) => faults.has(url))
  const take = (): PlannedUnit | undefined => {
    while (waiting.length < lookAhead && !isDry) {
      const next = units.next()
      if (next.done) isDry = true
      else waiting.push(next.value)
    }
    const at = waiting.findIndex(isFree)
    return at < 0 ? undefined : waiting.splice(at, 1)[0]
  }
  const start = async (planned: PlannedUnit): Promise<void> => {
    for (const host of planned.hosts) busy.set(host, (busy.get(host) ?? 0) + 1)
    let done = 0
    try {
      await pace?.turn(planned.unit.parts.length, signal)
      const fault = await pool.run({
        unit: planned.unit,
        onPieces: ({ pieces, note }) => {
          while (done < pieces) torrent.done(planned.pieces[done++]!, done === pieces ? note : undefined)
        },
      })
      if (fault) faults.set(fault.url, fault)
      if (fault?.kind === 'network') isUnreachable = true
    } finally {
      for (const host of planned.hosts) busy.set(host, busy.get(host)! - 1)
    }
  }

  try {
    for (;;) {
      for (let next = fill(); next; next = fill()) {
        running++
        start(next)
          .catch(fail)
          .finally(() => {
            running--
            wakeUp.resolve()
          })
      }
      if (running === 0 && !failure) return faults
      if (!failure) await wakeUp.promise
      if (failure) throw failure.error
      wakeUp = Promise.withResolvers()
    }
  } finally {
    signal.removeEventListener('abort', onAbort)
  }

  function fill(): PlannedUnit | undefined {
    while (running < lanes && !isUnreachable) {
      const planned = take()
      if (!planned || !isSpoilt(planned)) return planned
    }
    return undefined
  }
}
