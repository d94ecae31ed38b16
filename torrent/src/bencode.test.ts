import fc from 'fast-check'
import { expect, test } from 'vitest'
import { assertCanonical, BencodeError, findKey, integerAt, scanValue, valueEnd } from './bencode.ts'
import { type Decoded, decode, type Encodable, encode } from './bencode-tree.ts'

const bytes = (text: string) => Buffer.from(text, 'latin1')

test('decodes what it encoded to the same value, in canonical form', () => {
  const { value } = fc.letrec<{ value: Encodable }>((tie) => ({
    value: fc.oneof(
      { depthSize: 'small' },
      fc.maxSafeInteger(),
      fc.uint8Array(),
      fc.string({ unit: 'binary' }),
      fc.array(tie('value')),
      fc.dictionary(fc.string({ unit: 'binary' }), tie('value')),
    ),
  }))
  fc.assert(
    fc.property(value, (sample) => {
      const encoded = encode(sample)
      expect(scanValue(encoded)).toBe(encoded.length)
      expect(valueEnd(encoded, 0)).toBe(encoded.length)
      assertCanonical(encoded, 0)
      expect(Buffer.from(encode(toEncodable(decode(encoded))))).toEqual(Buffer.from(encoded))
    }),
  )
})

function toEncodable(tree: Decoded): Encodable {
  if (Array.isArray(tree)) return tree.map(toEncodable)
  if (tree instanceof Map)
    return new Map([...tree].map(([key, value]) => [Buffer.from(key, 'latin1'), toEncodable(value)]))
  return tree
}

test('sorts keys as bytes, not as JavaScript sorts strings', () => {
  // U+FFEE is above the surrogates of U+1F600 as UTF-16 and below it as UTF-8.
  expect(Buffer.from(encode({ '\u{1f600}': 1, '\uffee': 2, b: 3, B: undefined })).toString()).toBe(
    'd1:bi3e3:\uffeei2e4:\u{1f600}i1ee',
  )
})

test.each([
  ['', 'unexpected end'],
  ['i12', 'expected a digit'],
  ['i-e', 'expected a digit'],
  ['i1.5e', 'expected a digit'],
  ['i123456789012345678901e', 'more than 20 digits'],
  ['5:abc', 'past the end'],
  ['99999999999999999999:a', 'more than 15 digits'],
  ['3abc', 'expected ":"'],
  ['d1:a', 'unexpected end'],
  ['d1:ae', 'no value'],
  ['di1e1:ae', 'string as key'],
  ['l1:a', 'unexpected end'],
  ['e', 'found "e"'],
  ['x', 'expected a value'],
])('refuses %j', (text, message) => {
  expect(() => scanValue(bytes(text))).toThrow(message)
})

test('limits depth and number of values without recursion', () => {
  expect(() => scanValue(bytes('l'.repeat(1e6)))).toThrow('nested deeper than 100')
  expect(() => scanValue(bytes(`l${'i1e'.repeat(100)}e`), 0, { maxValues: 50 })).toThrow(
    'more than 50 values',
  )
})

test('reads dictionaries in another order, and finds that it is not canonical', () => {
  const swapped = bytes('d1:bi1e1:ai2ee')
  expect(scanValue(swapped)).toBe(swapped.length)
  expect(integerAt(swapped, findKey(swapped, 0, 'a'))).toBe(2)
  expect(() => assertCanonical(swapped, 0)).toThrow(BencodeError)
  expect(() => assertCanonical(bytes('d1:ai1e1:ai2ee'), 0)).toThrow('repeated')
  expect(() => assertCanonical(bytes('li01ee'), 0)).toThrow('leading zero')
  expect(() => assertCanonical(bytes('l02:abe'), 0)).toThrow('leading zero')
  expect(() => assertCanonical(bytes('li0e0:e'), 0)).not.toThrow()
})

test('every range check refuses an integer that is too large to be exact', () => {
  expect(integerAt(bytes('i9007199254740993e'), 0)).toBe(Number.POSITIVE_INFINITY)
  expect(integerAt(bytes('i-9007199254740993e'), 0)).toBe(Number.NEGATIVE_INFINITY)
  expect(integerAt(bytes('i-42e'), 0)).toBe(-42)
})
