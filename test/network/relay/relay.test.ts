import { expect, test } from 'vitest'
import { subscribe } from '../subscriber.ts'
import { waitFor } from '../wait-for.ts'
import type { FaultPlan } from './faults.ts'
import type { Frame } from './frames.ts'
import { type Relay, type RelayOptions, startRelay } from './relay.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const frame = (n: number): Frame => ({
  t: '#identity',
  body: { did, handle: `n${n}.test`, time: '2026-01-01T00:00:00Z' },
})
const numberOf = ({ body }: Frame) => Number(/\d+/.exec(String(body.handle)))
const publish = (relay: Relay, from: number, to: number) => {
  for (let n = from; n <= to; n++) relay.publish(frame(n))
}

async function listen(options?: RelayOptions) {
  const relay = await startRelay(options)
  const subscriber = await subscribe(relay.url)
  return {
    relay,
    subscriber,
    numbers: () => subscriber.frames.map(numberOf),
    async [Symbol.asyncDispose]() {
      await subscriber[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
    },
  }
}

test('a cursor replays what follows it; without one the stream starts now', async () => {
  await using relay = await startRelay()
  publish(relay, 1, 1000)
  await using all = await subscribe(relay.url, 0)
  await using some = await subscribe(relay.url, 997)
  await using none = await subscribe(relay.url)
  publish(relay, 1001, 1002)
  await all.received(1002)
  await some.received(5)
  await none.received(2)
  expect(all.seqs()).toEqual(Array.from({ length: 1002 }, (_, i) => i + 1))
  expect(some.seqs()).toEqual([998, 999, 1000, 1001, 1002])
  expect(none.seqs()).toEqual([1001, 1002])
})

test('a future cursor is an error and an outdated one a message, unless turned off', async () => {
  await using relay = await startRelay({ firstSeq: 100 })
  publish(relay, 1, 5)
  relay.stream.forget(102)
  await using future = await subscribe(relay.url, 500)
  await future.closed()
  expect(future.frames.map(({ body }) => body.error)).toEqual(['FutureCursor'])
  await using outdated = await subscribe(relay.url, 100)
  await outdated.received(3)
  expect(outdated.frames[0]).toMatchObject({ t: '#info', body: { name: 'OutdatedCursor' } })
  expect(outdated.seqs()).toEqual([103, 104])

  relay.stream.cursors = 'silent'
  await using quietFuture = await subscribe(relay.url, 500)
  await using quietOutdated = await subscribe(relay.url, 100)
  publish(relay, 6, 6)
  await quietFuture.received(1)
  await quietOutdated.received(3)
  expect(quietFuture.seqs()).toEqual([105])
  expect(quietOutdated.seqs()).toEqual([103, 104, 105])
})

test('a relay that lost its disk begins a new sequence', async () => {
  await using line = await listen({ firstSeq: 5000 })
  publish(line.relay, 1, 3)
  await line.subscriber.received(3)
  line.relay.stream.restart()
  await line.subscriber.closed()
  publish(line.relay, 4, 4)
  await using old = await subscribe(line.relay.url, 5002)
  await old.closed()
  expect(old.frames[0]?.body.error).toBe('FutureCursor')
  await using fresh = await subscribe(line.relay.url, 0)
  await fresh.received(1)
  expect(fresh.seqs()).toEqual([1])
})

test('drops frames but uses up their numbers', async () => {
  await using line = await listen()
  line.relay.faults.dropNext(2)
  line.relay.faults.dropNext(1, (dropped) => numberOf(dropped) === 5)
  publish(line.relay, 1, 6)
  await line.subscriber.received(3)
  expect(line.numbers()).toEqual([3, 4, 6])
  expect(line.subscriber.seqs()).toEqual([3, 4, 6])
  await using replay = await subscribe(line.relay.url, 0)
  await replay.received(3)
  expect(replay.seqs()).toEqual([3, 4, 6])
})

test('repeats frames', async () => {
  await using line = await listen()
  line.relay.faults.repeatNext(2)
  publish(line.relay, 1, 3)
  await line.subscriber.received(5)
  expect(line.subscriber.seqs()).toEqual([1, 1, 2, 2, 3])
})

test.each([
  ['sequence', [1, 2, 3, 4]],
  ['delivery', [3, 2, 1, 4]],
] as const)('reorders frames before or after numbering: %s', async (stage, seqs) => {
  await using line = await listen()
  line.relay.faults.reverseNext(3, stage)
  publish(line.relay, 1, 4)
  await line.subscriber.received(4)
  expect(line.numbers()).toEqual([3, 2, 1, 4])
  expect(line.subscriber.seqs()).toEqual(seqs)
})

test('sends frames to be reordered even if too few come', async () => {
  await using line = await listen()
  line.relay.faults.reverseNext(10)
  publish(line.relay, 1, 2)
  await line.subscriber.received(2)
  expect(line.numbers()).toEqual([2, 1])
})

test('holds frames back until released; a new client reads them once, from the log', async () => {
  await using line = await listen()
  line.relay.faults.hold()
  publish(line.relay, 1, 3)
  await using newcomer = await subscribe(line.relay.url, 0)
  await newcomer.received(3)
  line.relay.sendInfo('Held')
  await line.subscriber.received(1)
  expect(line.subscriber.frames[0]?.body.name).toBe('Held')
  line.relay.faults.release()
  publish(line.relay, 4, 4)
  await line.subscriber.received(5)
  await newcomer.received(5)
  expect(line.subscriber.seqs()).toEqual([1, 2, 3, 4])
  expect(newcomer.seqs()).toEqual([1, 2, 3, 4])
})

test('delays frames and keeps their order', async () => {
  await using line = await listen()
  line.relay.faults.setFaults({ seed: 1, delayMs: 60 })
  const start = performance.now()
  publish(line.relay, 1, 20)
  line.relay.faults.clear()
  publish(line.relay, 21, 22)
  await line.subscriber.received(22)
  expect(performance.now() - start).toBeGreaterThan(30)
  expect(line.subscriber.seqs()).toEqual(Array.from({ length: 22 }, (_, i) => i + 1))
})

test('disconnects at once, after some frames, or every so many', async () => {
  await using line = await listen()
  line.relay.faults.disconnect()
  await line.subscriber.closed()
  await using second = await subscribe(line.relay.url)
  line.relay.faults.disconnect(2)
  publish(line.relay, 1, 3)
  await second.closed()
  expect(second.seqs()).toEqual([1, 2])
  line.relay.faults.setFaults({ disconnectEvery: 1 })
  for (const n of [4, 5]) {
    await using next = await subscribe(line.relay.url)
    publish(line.relay, n, n)
    await next.closed()
  }
  expect(line.relay.faults.counts.disconnected).toBe(4)
})

test('sends info messages, errors and bytes that are no frame', async () => {
  await using line = await listen()
  line.relay.sendInfo('OutdatedCursor', 'too old')
  line.relay.sendRaw(Uint8Array.of(0xff, 0x00))
  line.relay.sendError('ConsumerTooSlow')
  await line.subscriber.closed()
  expect(line.subscriber.frames[0]).toEqual({
    t: '#info',
    body: { name: 'OutdatedCursor', message: 'too old' },
  })
  expect([...line.subscriber.raw[1]!]).toEqual([0xff, 0x00])
  expect(line.subscriber.frames[2]).toEqual({ body: { error: 'ConsumerTooSlow' } })
})

test('random faults are the same for the same seed, and each kind occurs', async () => {
  const plan = { dropRate: 0.1, repeatRate: 0.1, reorderWindow: 4, reorderStage: 'delivery' } as const
  const runs = await Promise.all([
    run({ seed: 7, ...plan }),
    run({ seed: 7, ...plan }),
    run({ seed: 8, ...plan }),
  ])
  expect(runs[0]!.seqs).toEqual(runs[1]!.seqs)
  expect(runs[0]!.seqs).not.toEqual(runs[2]!.seqs)
  const { dropped, repeated, reordered } = runs[0]!.counts
  expect(Math.min(dropped, repeated, reordered)).toBeGreaterThan(0)
  expect(runs[0]!.seqs).toHaveLength(200 - dropped + repeated)
})

async function run(plan: FaultPlan) {
  await using line = await listen()
  const { faults } = line.relay
  faults.setFaults(plan)
  publish(line.relay, 1, 200)
  faults.clear()
  const { counts } = faults
  await waitFor(() => line.subscriber.frames.length === 200 - counts.dropped + counts.repeated, {
    what: 'every frame that was not dropped',
  })
  return { seqs: line.subscriber.seqs(), counts }
}
