import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('parses 20,000 mutated files without a crash, a long wait or much memory', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'fuzz.ts'), '20000', '7'],
    {
      encoding: 'utf8',
    },
  )
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/20000 files in \d+ s: \d+ accepted/)
})

test('60 files grown around each limit cost no more than a factor of their size', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'fuzz-limits.ts'), '--inputs', '60', '--seed', '7'],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/60 inputs of \d+ MB, \d+ accepted/)
})
