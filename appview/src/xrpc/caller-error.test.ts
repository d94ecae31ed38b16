import * as schemas from '@holdfast/lexicons'
import { methods } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { statusOf } from './caller-error.ts'

test('the errors that our code can name are those that the lexicons declare', () => {
  const all = schemas as unknown as Record<string, { main: { errors?: readonly string[] } }>
  const declared = Object.keys(methods).flatMap((name) => all[name]?.main.errors ?? [])
  expect(Object.keys(statusOf).sort()).toEqual([...new Set(declared)].sort())
})
