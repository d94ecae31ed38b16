import { expect, test } from 'vitest'
import { fuzz } from './fuzz.ts'

test('survives a short run of the fuzzer', async () => {
  const { datagrams } = await fuzz(30_000, 7, () => {})
  expect(datagrams).toBe(27_000)
}, 120_000)
