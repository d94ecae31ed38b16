import type { Catalog } from '../../catalog/open.ts'
import { type MetainfoOutcome, writeMetainfoOutcomes } from '../../catalog/swarms/metainfo-queue.ts'
import { swarmKey } from '../../catalog/swarms/swarm-contents.ts'
import { watchNamed } from '../addresses/named-addresses.ts'
import type { NamedAddresses } from './metainfo-check.ts'

/** What came of one torrent's metainfo, and the addresses it names when it is verified. */
export interface Settled {
  outcome: MetainfoOutcome
  named?: NamedAddresses
}

export interface MetainfoWriter {
  /** Resolves when it is durable. */
  write(settled: Settled): Promise<void>
}

/** Writes whatever has come together since the last transaction in the next one. */
export function createMetainfoWriter(
  catalog: Catalog,
  options: { allowPrivateHosts: boolean; onWritten: (outcome: MetainfoOutcome) => void },
): MetainfoWriter {
  let waiting: Settled[] = []
  let current: Promise<void> | undefined
  let next: Promise<void> | undefined

  async function flush(): Promise<void> {
    await current?.catch(() => {})
    const batch = waiting
    waiting = []
    next = undefined
    current = writeBatch(catalog, batch, options)
    await current
    for (const { outcome } of batch) options.onWritten(outcome)
  }

  return {
    write(settled) {
      waiting.push(settled)
      next ??= flush()
      return next
    },
  }
}

async function writeBatch(
  catalog: Catalog,
  batch: readonly Settled[],
  options: { allowPrivateHosts: boolean },
): Promise<void> {
  const contents = batch.flatMap(({ outcome, named }) =>
    outcome.status === 'verified' && named ? [{ ...named, infoHash: swarmKey(outcome.facts) }] : [],
  )
  await watchNamed(catalog, contents, options)
  await writeMetainfoOutcomes(
    catalog.db,
    batch.map(({ outcome }) => outcome),
  )
}
