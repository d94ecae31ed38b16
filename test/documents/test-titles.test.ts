import { globSync } from 'node:fs'
import { expect, test } from 'vitest'
import { read, root } from './documents.ts'

const longestTitle = 90

/** The titles in `test('…')`, `test.each(…)('…')` and the like. */
const titlePattern = /(?:\b(?:test|it|describe)(?:\.\w+)*|[)`])\(\s*(['"`])((?:(?!\1).)*)\1,/g

const titles = globSync('**/*.test.ts', {
  cwd: root,
  exclude: (path) => /(?:^|\/)(?:node_modules|dist|data)(?:\/|$)/.test(path),
}).flatMap((path) => [...read(path).matchAll(titlePattern)].map(([, , title]) => ({ path, title: title! })))

test(`no title of a test is longer than ${longestTitle} characters`, () => {
  expect(titles.filter(({ title }) => title.length > longestTitle)).toEqual([])
})

test('finds the titles of the tests', () => {
  expect(titles.length).toBeGreaterThan(1_000)
})
