import { createHash, randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { Md5 } from './md5.ts'

const native = (bytes: Buffer) => createHash('md5').update(bytes).digest('hex')
const aligned = (size: number) => {
  const bytes = Buffer.allocUnsafeSlow(size)
  randomBytes(size).copy(bytes)
  return bytes
}

test.each([0, 1, 55, 56, 63, 64, 65, 119, 120, 128, 1000, 65_536, 100_001])('is MD5 of %d bytes', (size) => {
  const bytes = aligned(size)
  const md5 = new Md5()
  md5.update(bytes)
  expect(md5.hex()).toBe(native(bytes))
})

test('goes on from a stored state', () => {
  const bytes = aligned(10_000)
  const first = new Md5()
  first.update(bytes.subarray(0, 64 * 40))
  const second = new Md5({ words: first.state(), bytes: 64 * 40 })
  second.update(bytes.subarray(64 * 40))
  expect(second.hex()).toBe(native(bytes))
})
