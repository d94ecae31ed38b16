import { expect, test } from 'vitest'
import { createUsageCache, type UsageCacheOptions } from './usage-cache.ts'

/** Makes a cache over this store, and a list of its reads. */
function cacheOver(held: Map<string, number>, options: Partial<UsageCacheOptions<'records'>> = {}) {
  const asked: string[] = []
  const cache = createUsageCache<'records'>({
    async read(owner) {
      asked.push(owner)
      return { records: held.get(owner) ?? 0 }
    },
    ...options,
  })
  const add = async (owner: string, limit = 200) =>
    (await cache.admit([{ owner, limit: { records: limit } }], { records: 1 })).admitted === 1
  return { cache, asked, add }
}

test('counts an owner again only when there may be room', async () => {
  let nowMs = 1_000_000
  const held = new Map([['a', 198]])
  const { cache, asked, add } = cacheOver(held, { now: () => nowMs, recountShare: 0.01 })
  expect(await add('a')).toBe(true)
  expect(await add('a')).toBe(true)
  expect(asked).toEqual(['a'])
  // Both were updates, so the store still has 198. Two of 200 are more than 1 %, so it is counted again.
  expect(await add('a')).toBe(true)
  expect(asked).toEqual(['a', 'a'])
  held.set('a', 200)
  expect(await add('a')).toBe(true)
  expect(await add('a')).toBe(false)
  expect(asked).toHaveLength(3)
  expect(await add('a')).toBe(false)
  expect(asked).toHaveLength(3)
  expect(await add('b')).toBe(true)

  held.set('a', 10)
  expect(await add('a')).toBe(false)
  nowMs += 60_000
  expect(await add('a')).toBe(true)
  cache.set('a', { records: 200 })
  expect(await add('a')).toBe(false)
})

test('without `recountShare`, an owner is counted again only after some time', async () => {
  let nowMs = 1_000_000
  const { asked, add } = cacheOver(new Map(), { now: () => nowMs })
  for (const fits of [true, true, false, false]) expect(await add('a', 2)).toBe(fits)
  expect(asked).toEqual(['a'])
  nowMs += 60_000
  expect(await add('a', 2)).toBe(true)
  expect(asked).toEqual(['a', 'a'])
})

test('counts an owner once for many callers at the same time', async () => {
  const { asked, add } = cacheOver(new Map([['host', 3]]))
  const admitted = await Promise.all(Array.from({ length: 1_000 }, () => add('host', 10)))
  expect(asked).toEqual(['host'])
  expect(admitted.filter((fits) => fits)).toHaveLength(7)
})

test('includes what is added while an owner is counted again', async () => {
  let nowMs = 1_000_000
  const { promise: counted, resolve: answer } = Promise.withResolvers<{ records: number }>()
  const counts = [Promise.resolve({ records: 8 }), counted]
  const { cache } = cacheOver(new Map(), { now: () => nowMs, read: () => counts.shift()! })
  const admit = (records: number) =>
    cache.admit([{ owner: 'a', limit: { records: 10 } }], { records }).then(({ admitted }) => admitted === 1)
  expect(await admit(1)).toBe(true)
  nowMs += 60_000
  const large = admit(5)
  expect(await admit(1)).toBe(true)
  answer({ records: 4 })
  expect(await large).toBe(true)
  // Four in the store, one added meanwhile and five now fill the limit of ten.
  expect(await admit(1)).toBe(false)
})

test('waits until what was admitted is stored before it counts an owner again', async () => {
  const [store, under] = [{ records: 0 }, { way: 0 }]
  const steps: string[] = []
  const { add } = cacheOver(new Map(), {
    recountShare: 0.01,
    async read() {
      steps.push('read')
      return { ...store }
    },
    async settled() {
      steps.push('settled')
      store.records += under.way
      under.way = 0
    },
  })
  for (let i = 0; i < 20; i++) if (await add('a', 10)) under.way += 1
  expect(store.records).toBe(10)
  expect(steps).toEqual(['read', 'settled', 'read'])
})

test('a newer count from elsewhere replaces one that is still under way', async () => {
  const { promise: counted, resolve: answer } = Promise.withResolvers<{ records: number }>()
  const { cache, add } = cacheOver(new Map(), { read: () => counted })
  const first = add('a', 10)
  cache.set('a', { records: 10 })
  answer({ records: 0 })
  expect(await first).toBe(false)
})

test('counts again after a count that failed', async () => {
  const counts = [Promise.reject(new Error('the store is away')), Promise.resolve({ records: 0 })]
  const { add } = cacheOver(new Map(), { read: () => counts.shift()! })
  await expect(Promise.all([add('a'), add('a')])).rejects.toThrow('the store is away')
  expect(await add('a')).toBe(true)
})

test('what one owner has no room for is not added to the usage of another', async () => {
  const cache = createUsageCache<'files' | 'bytes'>({
    read: async (owner) => (owner === 'host' ? { files: 9, bytes: 0 } : { files: 0, bytes: 0 }),
  })
  const did = { owner: 'did', limit: { files: 2, bytes: 100 } }
  const host = { owner: 'host', limit: { files: 10, bytes: 1_000 } }
  expect(await cache.admit([did, host], { files: 2, bytes: 1 })).toEqual({
    admitted: 0,
    refused: { allowance: host, measure: 'files' },
  })
  expect(await cache.admit([did], { files: 2, bytes: 101 })).toEqual({
    admitted: 0,
    refused: { allowance: did, measure: 'bytes' },
  })
  expect(await cache.admit([did], { files: 2, bytes: 100 })).toEqual({ admitted: 1 })
})

test('admits as many of several records as there is room for', async () => {
  const { cache, asked, add } = cacheOver(new Map([['a', 3]]), { recountShare: 0.01 })
  const allowance = { owner: 'a', limit: { records: 10 } }
  const refused = { allowance, measure: 'records' }
  expect(await cache.admit([allowance], Array(20).fill({ records: 1 }))).toEqual({ admitted: 7, refused })
  expect(asked).toHaveLength(1)
  expect(await add('a', 10)).toBe(true)
})

test('forgets the owners that were used longest ago', async () => {
  const { asked, add } = cacheOver(new Map(), { capacity: 2 })
  for (const owner of ['a', 'b', 'a', 'c', 'a', 'b']) await add(owner)
  expect(asked).toEqual(['a', 'b', 'c', 'b'])
})
