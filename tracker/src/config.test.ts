import { expect, test } from 'vitest'
import { loadConfig } from './config.ts'

test.each([
  ['2000kB', 2_000_000],
  ['500MB', 500_000_000],
  ['0.001TB', 1_000_000_000],
])('reads the size %s', (size, bytes) => {
  expect(loadConfig({ HOLDFAST_TRACKER_MEMORY: size }).memoryBytes).toBe(bytes)
})

test('refuses a size that the memory of swarms cannot have', () => {
  for (const size of ['500kB', '4TB'])
    expect(() => loadConfig({ HOLDFAST_TRACKER_MEMORY: size })).toThrow('from 1MB to 4GB')
})

test('says how a duration and a size are written', () => {
  const wrong = { HOLDFAST_TRACKER_MAX_LIST_AGE: 'soon', HOLDFAST_TRACKER_MEMORY: 'much' }
  expect(() => loadConfig(wrong)).toThrow(/MAX_LIST_AGE=soon: write a duration such as/)
  expect(() => loadConfig(wrong)).toThrow(/MEMORY=much: write a size such as/)
})
