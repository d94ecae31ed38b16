/**
 * Writes the outcomes of fetching metainfo. All outcomes that arrive during one transaction are written in the next. If the
 * store refuses a batch, its outcomes are written one by one, so that only the refused ones fail. Outcomes of torrents with a
 * failed attempt are always written alone. While the store is away, everything waits.
 */
import { setTimeout as pause } from 'node:timers/promises'
import type { Logger } from 'pino'
import { swarmKey } from '../../catalog/swarms/contents.ts'
import { type MetainfoOutcome, writeMetainfoOutcomes } from '../../catalog/swarms/metainfo-queue.ts'
import { faultOf } from '../../store/database-fault.ts'
import type { Catalog } from '../../store/open.ts'
import { writingTogether } from '../../store/write-turns.ts'
import type { NamedAddresses } from '../probes/named-addresses.ts'
import { watchNamed } from '../probes/named-addresses.ts'
import { gather } from './gather.ts'

/** The outcome for one torrent, and the addresses that its metainfo names if it is verified. */
export interface Settled {
  outcome: MetainfoOutcome
  named?: NamedAddresses
  /** Whether to write it alone, because an earlier attempt had no outcome. */
  isAlone?: boolean
}

export interface MetainfoWriter {
  /** Resolves when it is durable; rejects when the store refuses this outcome, or when the worker is stopped first. */
  write(settled: Settled): Promise<void>
}

export interface WriterOptions {
  allowPrivateHosts: boolean
  signal: AbortSignal
  log: Logger
  onWritten: (outcome: MetainfoOutcome) => void
}

interface Entry {
  settled: Settled
  resolve: () => void
  reject: (error: unknown) => void
}

export function createMetainfoWriter(catalog: Catalog, options: WriterOptions): MetainfoWriter {
  const add = gather<Entry>(async (batch) => {
    const together = batch.filter(({ settled }) => !settled.isAlone)
    await writeTogether(together)
    for (const entry of batch) if (entry.settled.isAlone) await writeAlone(entry)
  })

  async function writeTogether(entries: readonly Entry[]): Promise<void> {
    if (entries.length === 0) return
    try {
      await writeWhenThere(entries)
    } catch (err) {
      if (entries.length === 1) return entries[0]!.reject(err)
      if (!options.signal.aborted)
        options.log.warn(
          { err, outcomes: entries.length },
          'metainfo outcomes could not be written in one batch and are written one by one',
        )
      for (const entry of entries) await writeAlone(entry)
    }
  }

  async function writeAlone(entry: Entry): Promise<void> {
    await writeWhenThere([entry]).catch(entry.reject)
  }

  /** Tries until the store accepts or refuses them. */
  async function writeWhenThere(entries: readonly Entry[]): Promise<void> {
    for (let waitMs = 500; ; waitMs = Math.min(waitMs * 2, 15_000)) {
      options.signal.throwIfAborted()
      try {
        await writeBatch(
          catalog,
          entries.map(({ settled }) => settled),
          options,
        )
        break
      } catch (err) {
        // A doubtful failure (out of memory, canceled) is tried again a few times, alone, by the caller.
        if (faultOf(err) !== 'away') throw err
        options.log.warn({ err }, 'metainfo outcomes wait for the store')
        await pause(waitMs, undefined, { signal: options.signal })
      }
    }
    for (const { settled, resolve } of entries) {
      options.onWritten(settled.outcome)
      resolve()
    }
  }

  return {
    write: (settled) =>
      new Promise((resolve, reject) => {
        add({ settled, resolve, reject }).catch(reject)
      }),
  }
}

async function writeBatch(
  catalog: Catalog,
  batch: readonly Settled[],
  options: { allowPrivateHosts: boolean },
): Promise<void> {
  const contents = batch.flatMap(({ outcome, named }) =>
    outcome.status === 'verified' && named
      ? [{ ...named, infoHash: swarmKey(outcome.facts), metainfoCid: outcome.metainfo.cid }]
      : [],
  )
  // In this order and in one transaction: who may speak for a content is known only once its records are verified.
  await writingTogether(catalog.db, async (tx) => {
    await writeMetainfoOutcomes(
      tx,
      batch.map(({ outcome }) => outcome),
    )
    await watchNamed(tx, contents, options)
  })
}
