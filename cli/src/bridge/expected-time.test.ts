import { expect, test } from 'vitest'
import { expectedSeconds } from './expected-time.ts'

test.each([
  [0, 0],
  [2_500, 0],
  [2_501, 3_600],
  [10_000, 3 * 3_600],
  [17_500, 6 * 3_600],
  [17_501, 86_400],
  [100_000, 5 * 86_400 + 4 * 3_600],
])('%i puts take at least %i seconds', (puts, seconds) => {
  expect(expectedSeconds(puts)).toBe(seconds)
})
