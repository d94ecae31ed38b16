import { setImmediate as nextTurn } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { createHostTurns, HostGivenUpError } from './host-turns.ts'

class SlowError extends Error {}

const limits = {
  maxConcurrent: 4,
  maxPerHost: 2,
  maxTroubles: 2,
  isTrouble: (e: unknown) => e instanceof SlowError,
}

test('a host with many accounts that never answers delays no other host', async () => {
  const turns = createHostTurns(limits)
  const { promise: answers, resolve } = Promise.withResolvers<void>()
  const hanging = Array.from({ length: 50 }, () => turns.ask('slow', () => answers))
  const others = Array.from({ length: 10 }, (_, n) => turns.ask(`quick-${n % 3}`, async () => n))
  expect(await Promise.all(others)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9])
  resolve()
  await Promise.all(hanging)
})

test('never asks more accounts at once than the limits, for one host and in all', async () => {
  const turns = createHostTurns(limits)
  const active = new Map<string, number>()
  let most = { all: 0, ofOne: 0 }
  const work = (host: string) => async () => {
    active.set(host, (active.get(host) ?? 0) + 1)
    const counts = [...active.values()]
    most = {
      all: Math.max(
        most.all,
        counts.reduce((sum, n) => sum + n),
      ),
      ofOne: Math.max(most.ofOne, ...counts),
    }
    await nextTurn()
    active.set(host, active.get(host)! - 1)
  }
  const hosts = ['a', 'b', 'c']
  await Promise.all(
    Array.from({ length: 60 }, (_, n) => hosts[n % 3]!).map((host) => turns.ask(host, work(host))),
  )
  expect(most).toEqual({ all: 4, ofOne: 2 })
})

test('gives up a slow host, but not one that refuses', async () => {
  const turns = createHostTurns(limits)
  let asked = 0
  const failing = (error: Error) => () => {
    asked++
    return Promise.reject(error)
  }
  const ends = await Promise.allSettled(
    Array.from({ length: 9 }, () => turns.ask('slow', failing(new SlowError()))),
  )
  expect(asked).toBe(2)
  const reasons = ends.map((end) => (end.status === 'rejected' ? end.reason : undefined))
  expect(reasons.filter((reason) => reason instanceof HostGivenUpError)).toHaveLength(7)
  await Promise.allSettled(Array.from({ length: 9 }, () => turns.ask('refuses', failing(new Error('no')))))
  expect(asked).toBe(11)
})
