import { expect, test } from 'vitest'
import { createTally } from './tally.ts'

test('a key is counted when it is met, and again only when that may find room', async () => {
  let nowMs = 0
  const asked: string[] = []
  const held = new Map([['a', 198]])
  const tally = createTally({
    limit: 200,
    now: () => nowMs,
    async read(key) {
      asked.push(key)
      return held.get(key) ?? 0
    },
  })
  expect(await tally.add('a')).toBe(true)
  expect(await tally.add('a')).toBe(true)
  expect(asked).toEqual(['a'])
  // Both were updates: the store still holds 198, and two of 200 are worth a look.
  expect(await tally.add('a')).toBe(true)
  expect(asked).toEqual(['a', 'a'])
  held.set('a', 200)
  expect(await tally.add('a')).toBe(true)
  expect(await tally.add('a')).toBe(false)
  expect(asked).toHaveLength(3)
  expect(await tally.add('a')).toBe(false)
  expect(asked).toHaveLength(3)
  expect(await tally.add('b')).toBe(true)

  held.set('a', 10)
  expect(await tally.add('a')).toBe(false)
  nowMs += 60_000
  expect(await tally.add('a')).toBe(true)
  tally.set('a', 200)
  expect(await tally.add('a')).toBe(false)
})
