import { expect, test } from 'vitest'
import type { Catalog } from '../../store/open.ts'
import { type Consumer, startBroadcast } from './broadcast.ts'
import type { StreamEntry } from './recent.ts'

const catalog = { listen: async () => ({ [Symbol.asyncDispose]: async () => {} }) } as unknown as Catalog
const consumer = (): Consumer => ({ wake: () => {}, end: () => {} })

/** A stream at `head` whose reads are counted, and wait until `letGo` is called. */
async function startBlocked(head: { seq: number }) {
  const reads: number[] = []
  let letGo = () => {}
  const held = new Promise<void>((resolve) => {
    letGo = resolve
  })
  const broadcast = await startBroadcast({
    catalog,
    onError: () => {},
    recent: { entries: 50, bytes: 1_000_000 },
    pollMs: 3_600_000,
    source: {
      channel: 'x',
      head: async () => ({ ...head, epoch: 'one' }),
      prunedTo: async () => 0,
      async read(after, limit) {
        reads.push(after)
        await held
        const count = Math.min(limit, head.seq - after)
        return Array.from({ length: count }, (_, i) => entry(after + 1 + i))
      },
    },
  })
  return { broadcast, reads, letGo }
}

const entry = (seq: number): StreamEntry => ({
  seq,
  frame: Buffer.alloc(1),
  key: String(seq),
  purges: false,
  facts: { always: true },
})

test('reads nothing for a client that left while it waited for its turn', async () => {
  const { broadcast, reads, letGo } = await startBlocked({ seq: 10_000 })
  const readers = Array.from({ length: 40 }, consumer)
  for (const reader of readers) await broadcast.join(reader)
  const steps = readers.map((reader) => broadcast.next(reader, 0))
  for (const reader of readers) broadcast.leave(reader)
  letGo()
  expect(await Promise.all(steps)).toEqual(readers.map(() => undefined))
  // Only the reads that were already running when the clients left.
  expect(reads.length).toBeLessThanOrEqual(8)
  await broadcast[Symbol.asyncDispose]()
})

test('does not read events from a time without clients for the next client', async () => {
  const head = { seq: 0 }
  const { broadcast, reads, letGo } = await startBlocked(head)
  letGo()
  const first = consumer()
  await broadcast.join(first)
  broadcast.leave(first)
  head.seq = 1_000_000
  const second = consumer()
  expect(await broadcast.join(second)).toEqual({ seq: 1_000_000, epoch: 'one' })
  expect(reads).toEqual([])
  await broadcast[Symbol.asyncDispose]()
})
