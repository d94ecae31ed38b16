import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { KeptBeginnings } from './kept-beginnings.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

const answers = (...entries: string[]) => {
  return async () => entries
}

test('a full list is read once a minute', async () => {
  const kept = new KeptBeginnings<string>()
  expect(await kept.find('c', 2, answers('cat', 'cow'))).toEqual(['cat', 'cow'])
  for (let i = 0; i < 2; i++) expect(await kept.find('c', 2, answers('cat', 'cub'))).toEqual(['cat', 'cow'])
  vi.advanceTimersByTime(60_001)
  expect(await kept.find('c', 2, answers('cat', 'cub'))).toEqual(['cat', 'cub'])
})

test('a short list is read each time', async () => {
  const kept = new KeptBeginnings<string>()
  for (const entry of ['cat', 'cab', 'cap']) expect(await kept.find('ca', 2, answers(entry))).toEqual([entry])
})

test('keeps a limited number of lists', async () => {
  const kept = new KeptBeginnings<string>()
  for (let i = 0; i <= 2_000; i++) expect(await kept.find(`c${i}`, 1, answers('old'))).toEqual(['old'])
  expect(await kept.find('c2000', 1, answers('new'))).toEqual(['old'])
  expect(await kept.find('c0', 1, answers('new'))).toEqual(['new'])
})
