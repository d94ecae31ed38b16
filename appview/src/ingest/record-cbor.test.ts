import { encode } from '@atproto/lex-cbor'
import { parseCid } from '@atproto/lex-data'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { measureRecord, RecordCborError } from './record-cbor.ts'

const cid = parseCid('bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq')

test('accepts everything that the reference encoder writes', () => {
  const leaf = fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.maxSafeInteger(),
    fc.boolean(),
    fc.constant(null),
    fc.uint8Array(),
    fc.constant(cid),
  )
  const { tree } = fc.letrec((tie) => ({
    tree: fc.oneof(
      { depthSize: 'small' },
      leaf,
      fc.array(tie('tree')),
      fc.dictionary(fc.string(), tie('tree')),
    ),
  }))
  fc.assert(fc.property(tree, (value) => measureRecord(encode(value as never)).items > 0))
})

const refused: [string, string][] = [
  ['a float', 'a16161fb3ff8000000000000'],
  ['a whole number as a float', 'a16161fb3ff0000000000000'],
  ['a half float', 'a16161f93c00'],
  ['`undefined`', 'a16161f7'],
  ['another simple value', 'a16161e0'],
  ['unsorted keys', 'a2616201616101'],
  ['a longer key before a shorter', 'a262616101616201'],
  ['a key twice', 'a2616101616102'],
  ['a key twice, of which the first value is the greater', 'a2616102616101'],
  ['a key that is no text', 'a10101'],
  ['bad UTF-8 in a text', 'a1616161ff'],
  ['bad UTF-8 in a key', 'a161ff01'],
  ['a surrogate in UTF-8', 'a1616163eda080'],
  ['an integer that is not shortest', 'a161611801'],
  ['a length that is not shortest', 'a16161780161'],
  ['an integer beyond 53 bits', 'a161611b0020000000000000'],
  ['a negative integer beyond 53 bits', 'a161613b001fffffffffffff'],
  ['an indefinite list', 'a161619fff'],
  ['an indefinite map', 'bf616101ff'],
  ['an indefinite text', 'a161617f6161ff'],
  ['another tag', 'a16161c101'],
  ['a link without its prefix', 'a16161d82a4101'],
  ['what is cut off', 'a16161'],
  ['a list that claims more than there is', 'a161619bffffffffffffffff'],
  ['a second value', 'a1616101a0'],
]

test.each(refused)('refuses %s', (_what, hex) => {
  expect(() => measureRecord(Buffer.from(hex, 'hex'))).toThrow(RecordCborError)
})

test('refuses values that are nested too deep', () => {
  const nested = (depth: number) => Buffer.concat([Buffer.alloc(depth, 0x81), Buffer.from([0])])
  expect(measureRecord(nested(64)).items).toBe(65)
  expect(() => measureRecord(nested(65))).toThrow(/nested/)
  expect(() => measureRecord(nested(900_000))).toThrow(/nested/)
})

test('counts the items of a record', () => {
  expect(measureRecord(encode({ a: [1, 2, {}], b: 'x\0' }))).toEqual({ items: 8, unstorableKey: undefined })
})

test('detects NUL in a key', () => {
  expect(measureRecord(encode({ deep: { 'a\0b': 1 } })).unstorableKey).toBe('holds the character U+0000')
})

test('detects a key that would become an object’s prototype', () => {
  const plain = Buffer.from(encode({ deep: { aaaaaaaaa: { title: 'x' } } })).toString('latin1')
  const hostile = Buffer.from(plain.replace('aaaaaaaaa', '__proto__'), 'latin1')
  expect(measureRecord(hostile).unstorableKey).toBe('is `__proto__`')
})
