import { expect, test } from 'vitest'
import { decodeCursor, encodeCursor, InvalidCursorError } from './page-cursor.ts'

test('a cursor is read as it was written, to the microsecond', () => {
  const cursor = encodeCursor('datasets', ['2026-01-02 03:04:05.678901+00', 7])
  expect(decodeCursor('datasets', cursor, ['instant', 'number'])).toEqual([
    '2026-01-02 03:04:05.678901+00',
    7,
  ])
})

test.each([
  ['of another listing', encodeCursor('torrents', ['2026-01-02 03:04:05+00', 7])],
  ['with too few parts', encodeCursor('datasets', ['2026-01-02 03:04:05+00'])],
  ['with too many parts', encodeCursor('datasets', ['2026-01-02 03:04:05+00', 7, 8])],
  ['with the 30th of February', encodeCursor('datasets', ['2026-02-30 03:04:05+00', 7])],
  ['with the year 0', encodeCursor('datasets', ['0000-01-01 03:04:05+00', 7])],
  ['with an hour that is none', encodeCursor('datasets', ['2026-02-20 25:04:05+00', 7])],
  ['in another time zone', encodeCursor('datasets', ['2026-01-02 03:04:05+99', 7])],
  ['with a fraction for a number', encodeCursor('datasets', ['2026-01-02 03:04:05+00', 7.5])],
  ['that is no JSON', Buffer.from('[').toString('base64url')],
  ['that is no list', Buffer.from('{"0":"datasets"}').toString('base64url')],
  ['that is nothing', ''],
])('refuses a cursor %s', (_, cursor) => {
  expect(() => decodeCursor('datasets', cursor, ['instant', 'number'])).toThrow(InvalidCursorError)
})

test('refuses text that PostgreSQL cannot store', () => {
  for (const text of ['a\0b', '\uD800']) {
    expect(() => decodeCursor('x', encodeCursor('x', [text]), ['string'])).toThrow(InvalidCursorError)
  }
})
