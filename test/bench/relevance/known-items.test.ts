import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { measureRelevance, readKnownItems } from './known-items.ts'

const slugs = new Set(['ice', 'sea', 'fire'])
const file = join(mkdtempSync(join(tmpdir(), 'known-items-')), 'questions.jsonl')
const read = (text: string) => {
  writeFileSync(file, text)
  return readKnownItems(file, slugs)
}

test('reads a question with one right answer or several', () => {
  expect(
    read('{"query":"frozen water","dataset":"ice"}\n\n{"query":"water","datasets":["ice","sea"]}\n'),
  ).toEqual([
    { query: 'frozen water', datasets: ['ice'] },
    { query: 'water', datasets: ['ice', 'sea'] },
  ])
})

test.each(['{"query":"x"}', '{"query":"x","datasets":[]}', 'x', '{"query":"x","datasets":["air"]}'])(
  'reports an invalid question with its line: %s',
  (line) => expect(() => read(`{"query":"ice","dataset":"ice"}\n${line}\n`)).toThrow('line 2'),
)

test('scores an answer by its rank: 1/rank among ten, found among 25', async () => {
  const items = [
    { query: 'a', datasets: ['ice'] },
    { query: 'b', datasets: ['sea', 'fire'] },
    { query: 'c', datasets: ['fire'] },
    { query: 'd', datasets: ['fire'] },
  ]
  const missed: string[] = []
  const others = Array.from({ length: 11 }, (_, i) => `other-${i}`)
  const answers: Record<string, string[]> = { a: ['ice'], b: ['ice', 'fire', 'sea'], c: [...others, 'fire'] }
  const found = await measureRelevance(
    items,
    (query) => answers[query] ?? [],
    (line) => missed.push(line),
  )
  expect(found).toEqual({ mrr10: 1.5 / 4, recall25: 3 / 4, first: 1, firstFive: 2, queries: 4 })
  expect(missed.map((line) => line.split('\t')[0])).toEqual(['2', '12', '-'])
})
