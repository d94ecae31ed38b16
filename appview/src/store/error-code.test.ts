import { expect, test } from 'vitest'
import { errorCode } from './error-code.ts'

test('returns the code of an error, or of the nearest cause that has one', () => {
  const refused = Object.assign(new Error('refused'), { code: 'ECONNREFUSED' })
  const failed = new Error('the query failed', { cause: refused })
  expect(errorCode(refused)).toBe('ECONNREFUSED')
  expect(errorCode(failed)).toBe('ECONNREFUSED')
  expect(errorCode(Object.assign(new Error('gone', { cause: failed }), { code: '57P01' }))).toBe('57P01')
  expect(errorCode(Object.assign(new Error('no text', { cause: refused }), { code: 7 }))).toBe('ECONNREFUSED')
  expect(errorCode(new Error('none'))).toBeUndefined()
  expect(errorCode({ code: 'no error' })).toBeUndefined()
})
