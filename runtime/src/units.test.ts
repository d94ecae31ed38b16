import { expect, test } from 'vitest'
import { durationMs, sizeBytes } from './units.ts'

test('reads durations', () => {
  expect(['30s', '5m', '24h', '7d', '250ms', '1.5h'].map(durationMs)).toEqual([
    30_000, 300_000, 86_400_000, 604_800_000, 250, 5_400_000,
  ])
  for (const bad of ['', '5', 'm', '-5m', '5 m', '1e3s'])
    expect(() => durationMs(bad), bad).toThrow('duration')
})

test('reads sizes', () => {
  expect(['500kB', '10MB', '4TB', '1.5GB', '12B'].map(sizeBytes)).toEqual([
    500_000, 10_000_000, 4e12, 1.5e9, 12,
  ])
  for (const bad of ['', '5', 'MB', '-5MB', '5 MB', '5MiB']) expect(() => sizeBytes(bad), bad).toThrow('size')
})
