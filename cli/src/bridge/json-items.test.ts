import { expect, test } from 'vitest'
import { jsonItems } from './json-items.ts'

async function* inChunks(text: string, size: number) {
  for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size)
}

const itemsOf = async (text: string, { size = 7, maxCharacters = 1_000 } = {}) =>
  Array.fromAsync(jsonItems(inChunks(text, size), { name: 'dataset', place: 'it', maxCharacters }))

const items = [{ a: 'x "] } \\" [{', b: [{ dataset: [1] }] }, {}, { c: { d: [[]] } }]
const documents = [
  { '@context': { dataset: ['no'] }, dataset: items, other: [{ e: 1 }] },
  { title: 'dataset', n: 1, dataset: items },
]

test('finds the objects of a list wherever the text is split', async () => {
  for (const document of documents)
    for (const text of [JSON.stringify(document), JSON.stringify(document, null, 2)])
      for (let size = 1; size < 20; size++)
        expect((await itemsOf(text, { size })).map((item) => JSON.parse(item!))).toEqual(items)
})

test('finds the objects of a document that is a list itself', async () => {
  expect((await itemsOf(`\uFEFF ${JSON.stringify(items)}`)).map((item) => JSON.parse(item!))).toEqual(items)
})

test('leaves out what is longer than the limit, and goes on', async () => {
  const found = await itemsOf(JSON.stringify({ dataset: [{ a: 1 }, { a: 'x'.repeat(500) }, { a: 2 }] }), {
    maxCharacters: 100,
  })
  expect(found).toEqual(['{"a":1}', undefined, '{"a":2}'])
})

test.each([
  ['{"dataset": [{"a": 1}, {"a"', 'breaks off'],
  ['{"other": [{"a": 1}]}', 'no list “dataset”'],
  ['<!doctype html><p>{"dataset": []}', 'a web page'],
  ['', 'breaks off'],
])('refuses %s', async (text, message) => {
  await expect(itemsOf(text)).rejects.toThrow(message)
})
