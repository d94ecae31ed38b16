import { lexiconDocuments } from '@holdfast/lexicons/documents'
import { expect, test } from 'vitest'
import { statusOf } from './caller-error.ts'

test('the errors of the code are exactly those that the lexicons declare', () => {
  const declared = lexiconDocuments().flatMap(({ defs }) => {
    const errors = defs.main && 'errors' in defs.main ? defs.main.errors : undefined
    return errors?.map(({ name }) => name) ?? []
  })
  expect(Object.keys(statusOf).sort()).toEqual([...new Set(declared)].sort())
})
