import { existsSync } from 'node:fs'
import { expect, test } from 'vitest'
import { read, root } from './documents.ts'

const rows = read('docs/where.md')
  .split('\n')
  .filter((line) => /^\| (?!what decides|-)/.test(line))

test.each(rows)('%s', (row) => {
  const [, path = '', name = ''] = /\| \[([^\]]+)\]\(\.\.\/\1\) \| `(#?\w+)` \|$/.exec(row) ?? []
  expect(existsSync(`${root}/${path}`), `${path} exists`).toBe(true)
  expect(read(path)).toMatch(definitionOf(name))
})

test('says where each of some dozens of behaviors is decided', () => {
  expect(rows.length).toBeGreaterThan(35)
})

/** A function or constant of the module, or a method or accessor of a class in it. */
function definitionOf(name: string): RegExp {
  const called = name.replace('#', '\\#')
  return new RegExp(
    `^(?:export )?(?:async )?(?:function\\*? |const |class )${called}\\b` +
      `|^  (?:static |async |get |\\*)*${called}(?:<[^>]*>)?\\([^;]*\\{$`,
    'm',
  )
}
