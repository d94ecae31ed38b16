import { expect, test } from 'vitest'
import { pictureType } from './picture-type.ts'

/** A file of 64 bytes that begins like this. */
function file(...parts: (string | readonly number[])[]): Uint8Array {
  const bytes = parts.flatMap((part) => (typeof part === 'string' ? [...Buffer.from(part, 'latin1')] : part))
  return new Uint8Array(64).map((_, i) => bytes[i] ?? 0)
}

const size = [0x10, 0, 0, 0]

test.each([
  ['image/png', file([0x89], 'PNG\r\n\x1a\n', [0, 0, 0, 13], 'IHDR', [0, 0, 0, 96, 0, 0, 0, 64])],
  ['image/jpeg', file([0xff, 0xd8, 0xff, 0xe0, 0, 4, 1, 1, 0xff, 0xc0, 0, 17, 8, 0, 64, 0, 96])],
  ['image/jpeg', file([0xff, 0xd8, 0xff, 0xc4, 0, 2, 0xff, 0xc2, 0, 17, 8, 0, 64, 0, 96])],
  ['image/webp', file('RIFF', size, 'WEBPVP8 ', size, [0, 0, 0, 0x9d, 1, 0x2a, 96, 0, 64, 0])],
  ['image/webp', file('RIFF', size, 'WEBPVP8L', size, [0x2f, 95, 0xc0, 0x0f, 0])],
  ['image/webp', file('RIFF', size, 'WEBPVP8X', size, [0, 0, 0, 0, 95, 0, 0, 63, 0, 0])],
])('recognizes %s by its first bytes, and reads its size', (type, bytes) => {
  expect(pictureType(bytes)).toEqual({ type, width: 96, height: 64 })
})

test.each([
  file('<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>'),
  file('<!doctype html><script>alert(1)</script>'),
  file('GIF89a'),
  file('RIFF', size, 'WAVEfmt '),
  file([0xff, 0xd8], '<script>alert(1)</script>'),
  new Uint8Array(0),
])('recognizes no other data as a picture', (bytes) => {
  expect(pictureType(bytes)).toBeUndefined()
})

test('refuses a picture whose header is cut off or points beyond the file', () => {
  const jpeg = file([0xff, 0xd8, 0xff, 0xe0, 0xff, 0xff])
  expect(pictureType(jpeg)).toBeUndefined()
  for (let length = 0; length < 30; length++) expect(pictureType(jpeg.subarray(0, length))).toBeUndefined()
})
