import { expect, test } from 'vitest'
import { charsetOf, decodeText } from './decode-text.ts'

const place = 'a.json'
const text = '{"title":"Genève"}'
const utf16le = Buffer.from(text, 'utf16le')

test.each([
  ['UTF-8', Buffer.from(text)],
  ['UTF-8 with a mark', Buffer.from(`\uFEFF${text}`)],
  ['UTF-16LE', utf16le],
  ['UTF-16LE with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le')],
  ['UTF-16BE', Buffer.from(utf16le).swap16()],
  ['UTF-16BE with a mark', Buffer.from(`\uFEFF${text}`, 'utf16le').swap16()],
])('recognizes %s', (_, bytes) => {
  expect(decodeText(bytes, { place })).toBe(text)
})

test('reads another encoding only if it is named', () => {
  const latin1 = Buffer.from(text, 'latin1')
  expect(decodeText(latin1, { place, charset: 'ISO-8859-1' })).toBe(text)
  expect(() => decodeText(latin1, { place })).toThrow('a.json is not text in utf-8')
  expect(() => decodeText(latin1, { place, charset: 'klingon' })).toThrow('is not a known encoding')
})

test('reads the charset of a Content-Type', () => {
  expect(charsetOf('application/json; charset="ISO-8859-1"')).toBe('ISO-8859-1')
  expect(charsetOf('application/json')).toBeUndefined()
})
