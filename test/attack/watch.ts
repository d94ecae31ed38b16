import { methods } from '@holdfast/lexicons/nsid'
import { waitFor } from '../network/wait-for.ts'
import type { AttackedIndex } from './attacked-index.ts'

/** What honest users experienced while an attack went on. */
export interface Watched {
  /** The longest time until an honest record was found, in milliseconds, and the number of records written. */
  readonly searchableMs: number
  readonly records: number
  /** The longest time that `/health` took to answer, in milliseconds, and the number of requests. */
  readonly healthMs: number
  readonly looks: number
  /** The largest growth of the index's memory, in bytes. */
  readonly grewBytes: number
}

/** The number of records that are still observed after all of the attack was sent. */
const recordsAfter = 3

/** The limits of what honest users may experience during any attack. */
export const limits = { searchableMs: 5_000, healthMs: 1_000, grewBytes: 300e6 } as const

/**
 * Keeps publishing, searching and requesting `/health` until the attack is over and a few more records were found after
 * it. Rejects if a record is not found at all, or the index no longer answers.
 */
export async function watch(index: AttackedIndex, attack: () => Promise<void>): Promise<Watched> {
  const before = index.memoryBytes()
  let grewBytes = 0
  let over = false
  let published = false
  const attacking = attack().finally(() => {
    over = true
  })
  // It is awaited below; until then, a failure must not count as unhandled.
  attacking.catch(() => {})

  const health: number[] = []
  const looking = (async () => {
    while (!published) {
      health.push(await timed(async () => expectOk(await index.ask('/health/live'))))
      grewBytes = Math.max(grewBytes, index.memoryBytes() - before)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
  })()
  const found: number[] = []
  const publishing = (async () => {
    for (let after = 0; after < recordsAfter; ) {
      found.push(await timed(() => publishAndFind(index)))
      if (over) after++
    }
    published = true
  })()
  await Promise.all([attacking, looking, publishing])
  return {
    searchableMs: Math.round(Math.max(...found)),
    records: found.length,
    healthMs: Math.round(Math.max(...health)),
    looks: health.length,
    grewBytes,
  }
}

async function publishAndFind(index: AttackedIndex): Promise<void> {
  const word = await index.publishHonestly()
  await waitFor(
    async () => {
      const response = await index.ask(`/xrpc/${methods.searchDatasets}?q=${word}`)
      if (!response.ok) throw new Error(`a search answered ${response.status}: ${await response.text()}`)
      return ((await response.json()) as { datasets: unknown[] }).datasets.length === 1
    },
    { what: `${word} to be found`, timeoutMs: 50_000, intervalMs: 100 },
  )
}

async function timed(work: () => Promise<void>): Promise<number> {
  const start = performance.now()
  await work()
  return performance.now() - start
}

function expectOk(response: Response): void {
  if (!response.ok) throw new Error(`/health/live answered ${response.status}`)
}
