import { expect, test } from 'vitest'
import { createFairQueue } from './fair-queue.ts'

test('serves visitors in turn, and the AppView’s own work in between', () => {
  const queue = createFairQueue<string>()
  for (let n = 0; n < 3; n++) queue.push(`many ${n}`, 'many')
  queue.push('few 0', 'few')
  queue.push('own 0', undefined)
  queue.push('own 1', undefined)
  const served = Array.from({ length: 7 }, () => queue.shift())
  expect(served).toEqual(['own 0', 'many 0', 'own 1', 'few 0', 'many 1', 'many 2', undefined])
})

test('gives no turn to a caller that no longer waits', () => {
  const queue = createFairQueue<string>()
  for (const entry of ['gone', 'stays']) queue.push(entry, 'a visitor')
  queue.push('own', undefined)
  queue.remove('gone', 'a visitor')
  queue.remove('own', undefined)
  expect([queue.shift(), queue.shift()]).toEqual(['stays', undefined])
})
