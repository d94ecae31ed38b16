import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('parses 20,000 damaged files without a crash, quickly and in little memory', () => {
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

test('60 files that grow around each limit take time and memory by their size', () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(import.meta.dirname, 'fuzz-limits.ts'), '--inputs', '60', '--seed', '7'],
    { encoding: 'utf8' },
  )
  expect(stderr).toBe('')
  expect(status).toBe(0)
  expect(stdout).toMatch(/60 inputs of \d+ MB, \d+ accepted/)
})
