import { expect, test } from 'vitest'
import { keptBriefly } from './kept-briefly.ts'

test('repeats an answer for half a second, each question by itself, and no failure', async () => {
  let at = 0
  let reads = 0
  const ask = keptBriefly(
    async ({ name }: { name: string }) => {
      reads++
      if (name === 'bad') throw new Error('away')
      return `${name} ${reads}`
    },
    () => at,
  )
  expect(await ask({ name: 'a' })).toBe('a 1')
  expect(await ask({ name: 'b' })).toBe('b 2')
  at = 499
  expect(await ask({ name: 'a' })).toBe('a 1')
  at = 500
  expect(await ask({ name: 'a' })).toBe('a 3')
  await expect(ask({ name: 'bad' })).rejects.toThrow('away')
  await expect(ask({ name: 'bad' })).rejects.toThrow('away')
  expect(reads).toBe(5)
})
