import { expect, test } from 'vitest'
import { peopleIn, readBibtex } from './bibtex.ts'

test('reads values in braces, quotes and bare, with braces and escapes in them', () => {
  const text = `@article{key,
    title = {The {MNIST} database of 10\\% digits},
    author= "LeCun, Yann and Corinna Cortes",
    year=1998, abstract={Two
lines}, keywords = {}
  }`
  expect(Object.fromEntries(readBibtex(text)!)).toEqual({
    title: 'The MNIST database of 10% digits',
    author: 'LeCun, Yann and Corinna Cortes',
    year: '1998',
    abstract: 'Two\nlines',
  })
})

test('reads as much as there is of an entry that ends early', () => {
  expect(Object.fromEntries(readBibtex('@misc{a, title={One}, author={never closed')!)).toEqual({
    title: 'One',
  })
  expect(readBibtex('A description in words, with an @ and a {brace}.')).toBeUndefined()
})

test('reads a text of a million letters that only looks like an entry', () => {
  expect(readBibtex(`@a{b,${'x={'.repeat(300_000)}`)).toEqual(new Map())
  expect(readBibtex(`@a{b,${' ,'.repeat(500_000)}x`)).toEqual(new Map())
})

test('puts the names of people in the order in which they are spoken', () => {
  expect(peopleIn('Doe, Jane and Roe, Ann and {World Health Organization}')).toEqual([
    'Jane Doe',
    'Ann Roe',
    '{World Health Organization}',
  ])
})
