import { randomBytes } from 'node:crypto'
import { expect, test } from 'vitest'
import { ConnectionIds } from './connection-ids.ts'

const alice = Int32Array.of(0x0100007f, 0, 0, 0)
const bob = Int32Array.of(0x0200007f, 0, 0, 0)

test('accepts an id for two to three minutes, from its own address only', () => {
  const ids = new ConnectionIds(randomBytes(16))
  for (const born of [0, 59, 60, 12_345]) {
    ids.setTime(born)
    const id = new Uint8Array(8)
    ids.write(0, alice, id, 0)
    for (const age of [0, 1, 60, 120]) {
      ids.setTime(born + age)
      expect(ids.check(0, alice, id, 0)).toBe(true)
      expect(ids.check(0, bob, id, 0)).toBe(false)
      expect(ids.check(1, alice, id, 0)).toBe(false)
    }
    ids.setTime(born + 180)
    expect(ids.check(0, alice, id, 0)).toBe(false)
  }
})

test('refuses an id with any bit changed', () => {
  const ids = new ConnectionIds(randomBytes(16))
  ids.setTime(1000)
  const id = new Uint8Array(8)
  const address = Int32Array.of(1, 2, 3, 4)
  ids.write(1, address, id, 0)
  for (let bit = 0; bit < 64; bit++) {
    const forged = Uint8Array.from(id)
    forged[bit >> 3]! ^= 1 << (bit & 7)
    expect(ids.check(1, address, forged, 0)).toBe(false)
  }
})

test('nodes that share the secret accept each other’s ids', () => {
  const secret = randomBytes(16)
  const [one, other] = [new ConnectionIds(secret), new ConnectionIds(secret)]
  one.setTime(5000)
  other.setTime(5000)
  const id = new Uint8Array(8)
  one.write(0, alice, id, 0)
  expect(other.check(0, alice, id, 0)).toBe(true)
})
