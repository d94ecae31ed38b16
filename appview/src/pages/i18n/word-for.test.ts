import { expect, test } from 'vitest'
import { wordFor } from './word-for.ts'

test('a value is shown in the page’s language, or as it is', () => {
  const words = { endangered: 'en peligro' }
  expect(wordFor(words, 'endangered')).toBe('en peligro')
  for (const value of ['unheard-of', '', 'constructor', '__proto__'])
    expect(wordFor(words, value)).toBe(value)
})
