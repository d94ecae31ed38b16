import { expect, test } from 'vitest'
import { siblingModule } from './sibling-module.ts'

test.each([
  ['file:///clone/src/pool.ts', 'file:///clone/src/pool-thread.ts'],
  ['file:///installed/dist/pool.js', 'file:///installed/dist/pool-thread.js'],
])('beside %s is %s', (from, expected) => {
  expect(siblingModule('./pool-thread', from).href).toBe(expected)
})
