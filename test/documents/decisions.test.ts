import { expect, test } from 'vitest'
import { documents, read } from './documents.ts'

const folder = 'docs/decisions/'
const decisions = documents.filter((path) => path.startsWith(folder))

test('decisions are numbered from 1 without a gap', () => {
  const numbers = decisions.map((path) => Number(path.slice(folder.length, folder.length + 4)))
  expect(numbers).toEqual(decisions.map((_, index) => index + 1))
})

test.each(decisions)('%s has the headings of every decision, in their order', (path) => {
  const number = Number(path.slice(folder.length, folder.length + 4))
  const headings = read(path).match(/^(?:#+ .*|Date: .*)$/gm)
  expect(headings).toEqual([
    expect.stringMatching(new RegExp(`^# ${number}\\. \\S`)),
    expect.stringMatching(/^Date: \d{4}-\d\d-\d\d$/),
    '## Context',
    '## Decision',
    '## Consequences',
  ])
})

test.each(documents)('%s refers to another decision by a link', (path) => {
  const text = read(path).replaceAll(/\s+/g, ' ')
  const named = [...text.matchAll(/decisions? (\d+)(?:\]\((?:[\w./]*\/)?(\d{4})-[\w-]+\.md\))?/gi)]
  const astray = named.filter(([, number, file]) => Number(number) !== Number(file))
  expect(astray.map(([reference]) => reference)).toEqual([])
})
