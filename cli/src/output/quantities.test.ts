import { glob, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { counted } from '@holdfast/runtime/counted'
import { expect, test } from 'vitest'
import { drawBar } from './progress-bar.ts'
import { formatBytes, formatSeconds, parseBytes } from './quantities.ts'
import { shorten } from './shorten.ts'

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [1_000, '1.0 kB'],
  [99_600, '100 kB'],
  [999_999, '1.0 MB'],
  [1_234_567_890, '1.2 GB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text)
})

test.each([
  ['16777216', 16_777_216],
  ['16MiB', 16_777_216],
  ['4 TB', 4e12],
  ['1.5k', 1_500],
])('reads %s as %d bytes', (text, bytes) => {
  expect(parseBytes(text)).toBe(bytes)
})

test('refuses a text that is no size, with an example', () => {
  expect(() => parseBytes('huge')).toThrow('16MiB')
})

test('writes seconds as a clock does', () => {
  expect([5, 65, 3_725].map(formatSeconds)).toEqual(['0:05', '1:05', '1:02:05'])
})

test('a progress bar fits its terminal and shows rate and time left', () => {
  const state = { label: 'data', done: 50e6, total: 100e6, unit: 'bytes' as const }
  const line = drawBar(state, 25e6, 80)
  expect(line).toMatch(/^data \[=+ +\] {2}50\.0 MB of 100 MB {2}25\.0 MB\/s {2}0:02 left$/)
  expect(drawBar(state, 25e6, 30).length).toBeLessThan(30)
  expect(drawBar({ ...state, total: null, unit: 'items' }, null, 80)).toBe('data  50000000')
})

test('ends a text that is too long in an ellipsis', () => {
  expect(shorten('a long title', 6)).toBe('a lon…')
})

test('writes a count with the right form of its noun', () => {
  expect([0, 1, 2, undefined].map((count) => counted(count, 'file'))).toEqual([
    '0 files',
    '1 file',
    '2 files',
    '? files',
  ])
  expect(counted(1, 'kind of field', 'kinds of field')).toBe('1 kind of field')
})

test('no text of the command puts a number before a fixed plural', async () => {
  const folder = fileURLToPath(new URL('../', import.meta.url))
  const nouns =
    'files|datasets|torrents|records|pieces|seeders|leechers|faults|kinds|entries|items|bytes|pages|webseeds'
  const plurals = new RegExp(`\\$\\{[^}]*\\} (?:${nouns})\\b`)
  const found: string[] = []
  for await (const path of glob('**/*.ts', { cwd: folder })) {
    if (path.endsWith('.test.ts')) continue
    for (const line of (await readFile(join(folder, path), 'utf8')).split('\n'))
      if (plurals.test(line)) found.push(`${path}: ${line.trim()}`)
  }
  expect(found).toEqual([])
})
