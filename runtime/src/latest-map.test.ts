import { expect, test } from 'vitest'
import { LatestMap } from './latest-map.ts'

test('keeps the entries that were set last, whatever is read', () => {
  const map = new LatestMap<string, number>(2)
  map.set('a', 1).set('b', 2).set('a', 3)
  expect(map.get('b')).toBe(2)
  map.set('c', 4)
  expect([...map]).toEqual([
    ['a', 3],
    ['c', 4],
  ])
})
