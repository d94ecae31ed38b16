import { isIP } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAddress } from './address.ts'

test('reads addresses to the bytes of the wire', () => {
  const words = new Int32Array(4)
  const hex = (): string => Buffer.from(words.buffer).toString('hex')
  expect(readAddress('1.2.3.4', words)).toBe(0)
  expect(hex().slice(0, 8)).toBe('01020304')
  expect(readAddress('::ffff:5.6.7.8', words)).toBe(0)
  expect(hex().slice(0, 8)).toBe('05060708')
  for (const [text, expected] of [
    ['::', '0'.repeat(32)],
    ['::1', `${'0'.repeat(31)}1`],
    ['2001:db8::8:0:1', '20010db8000000000000000800000001'],
    ['2001:db8:1:2:3:4:5:6', '20010db8000100020003000400050006'],
    ['fe80::1%eth0', 'fe800000000000000000000000000001'],
    ['64:ff9b::1.2.3.4', '0064ff9b000000000000000001020304'],
    ['1:2:3:4:5:6:7::', '00010002000300040005000600070000'],
  ]) {
    expect(readAddress(text!, words), text).toBe(1)
    expect(hex(), text).toBe(expected)
  }
})

test('agrees with Node on what an address is', () => {
  const words = new Int32Array(4)
  const loose = fc.stringMatching(/^[0-9a-f:.]{0,24}$/)
  fc.assert(
    fc.property(fc.oneof(fc.ipV4(), fc.ipV6(), loose), (text) => {
      expect(readAddress(text, words) >= 0, text).toBe(isIP(text) !== 0)
    }),
    { numRuns: 5000 },
  )
})
