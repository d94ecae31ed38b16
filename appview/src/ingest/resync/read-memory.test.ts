import { expect, test } from 'vitest'
import { createReadMemory, ReadMemoryError } from './read-memory.ts'

test('aborts the largest read when the memory is full', () => {
  const memory = createReadMemory(1_000)
  const [large, small] = [memory.begin(), memory.begin()]
  large.take(700)
  small.take(200)
  expect(large.signal.aborted).toBe(false)
  small.take(200)
  expect(large.signal.reason).toBeInstanceOf(ReadMemoryError)
  expect(() => large.take(1)).toThrow(ReadMemoryError)
  expect(small.signal.aborted).toBe(false)
})

test('never aborts a read that uses no more than its share', () => {
  const memory = createReadMemory(1_000)
  const [modest, ...greedy] = Array.from({ length: 4 }, () => memory.begin())
  for (let taken = 0; taken < 250; taken += 10) {
    modest!.take(10)
    for (const share of greedy) if (!share.signal.aborted) ended(() => share.take(100))
  }
  expect(modest!.signal.aborted).toBe(false)
})

test('refuses memory to a second read rather than aborting one that is complete', () => {
  const memory = createReadMemory(1_000)
  const [whole, other] = [memory.begin(), memory.begin()]
  whole.take(900)
  whole.keep()
  expect(() => other.take(200)).toThrow(ReadMemoryError)
  expect(whole.signal.aborted).toBe(false)
})

test('frees the memory of a read that has ended', () => {
  const memory = createReadMemory(1_000)
  for (let n = 0; n < 5; n++) {
    using share = memory.begin()
    share.take(900)
  }
  expect(() => memory.begin().take(1_001)).toThrow(ReadMemoryError)
  expect(() => memory.begin().take(1_000)).not.toThrow()
})

function ended(work: () => void): boolean {
  try {
    work()
    return false
  } catch {
    return true
  }
}
