import { expect, test } from 'vitest'
import { typingErrors } from './spelling.ts'

test.each([
  ['weather', 'wetaher', 1],
  ['glacier', 'glaicers', 2],
  ['ice', 'ice', 0],
  ['ocean', 'volcano', 3],
])('counts the typing errors from %s to %s', (a, b, errors) => {
  expect(typingErrors(a, b, 2)).toBe(errors)
  expect(typingErrors(b, a, 2)).toBe(errors)
})
