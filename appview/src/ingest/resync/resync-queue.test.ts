import { expect, test } from 'vitest'
import { createResyncQueue } from './resync-queue.ts'

test('slow hosts get a few places while the others are read in turn', async () => {
  const signal = new AbortController()
  const started: string[] = []
  const open = new Map<string, PromiseWithResolvers<'slow' | undefined>>()
  await using queue = createResyncQueue({
    limits: { maxConcurrent: 4, maxPerHost: 2, maxSlow: 1 },
    signal: signal.signal,
    hostOf: async (did) => did.split(' ')[0]!,
    work: (did) => {
      started.push(did)
      const job = Promise.withResolvers<'slow' | undefined>()
      open.set(did, job)
      return job.promise
    },
    due: async () => [],
    nextDue: async () => undefined,
  })
  const finish = async (did: string, how?: 'slow') => {
    open.get(did)!.resolve(how)
    await new Promise(setImmediate)
  }
  const add = async (...dids: string[]) => {
    for (const did of dids) queue.add(did)
    await new Promise(setImmediate)
  }
  const slow = ['a.slow.test 1', 'b.slow.test 1', 'c.slow.test 1', 'd.slow.test 1']
  await add(...slow)
  expect(started).toEqual(slow)
  await add('e.slow.test 1', 'f.slow.test 1', 'good.test 1', 'good.test 2', 'fine.test 1')
  for (const did of slow) await finish(did, 'slow')
  // One of the slow hosts, which share a domain, and all the others.
  expect(started.slice(4).sort()).toEqual(['e.slow.test 1', 'fine.test 1', 'good.test 1', 'good.test 2'])
  await finish('e.slow.test 1')
  expect(started.at(-1)).toBe('f.slow.test 1')
  for (const did of ['f.slow.test 1', 'good.test 1', 'good.test 2', 'fine.test 1']) await finish(did)
  expect(queue.length).toBe(0)
  signal.abort()
})
