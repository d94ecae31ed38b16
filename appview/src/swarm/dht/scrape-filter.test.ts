import { createHash } from 'node:crypto'
import { expect, test } from 'vitest'
import { confirmedBits, estimateAddresses, filterBytes } from './scrape-filter.ts'

/** The BEP 33 filter of these addresses (4 or 16 bytes each). */
function filterOf(addresses: readonly Uint8Array[]): Uint8Array {
  const filter = new Uint8Array(filterBytes)
  for (const address of addresses) {
    const hash = createHash('sha1').update(address).digest()
    for (const at of [0, 2]) {
      const bit = hash.readUInt16LE(at) % (filterBytes * 8)
      filter[bit >> 3]! |= 1 << (bit & 7)
    }
  }
  return filter
}

const ipv4 = (last: number) => Uint8Array.of(192, 0, 2, last)
const ipv6 = (last: number) => Uint8Array.of(0x20, 1, 0x0d, 0xb8, ...Array(10).fill(0), last >> 8, last & 255)
const several = <T>(count: number, make: (i: number) => T) => Array.from({ length: count }, (_, i) => make(i))

test('estimates 1,225 for the example of BEP 33 (256 IPv4 and 1,000 IPv6 addresses)', () => {
  const filter = filterOf([...several(256, ipv4), ...several(1_000, ipv6)])
  expect(Buffer.from(filter.subarray(0, 8)).toString('hex')).toBe('f6c3f5eaa07ffd91')
  expect(estimateAddresses(filter)).toBe(1225)
})

test('estimates few addresses exactly', () => {
  for (const count of [0, 1, 2, 3, 10]) expect(estimateAddresses(filterOf(several(count, ipv4)))).toBe(count)
})

test('estimates a finite number for a filter of all ones', () => {
  expect(estimateAddresses(new Uint8Array(filterBytes).fill(255))).toBe(7806)
})

test('counts only addresses that two nodes report', () => {
  const [three, five] = [filterOf(several(3, ipv4)), filterOf(several(5, ipv4))]
  const full = new Uint8Array(filterBytes).fill(255)
  expect(confirmedBits([])).toEqual(new Uint8Array(filterBytes))
  expect(estimateAddresses(confirmedBits([five]))).toBe(0)
  expect(confirmedBits([five, three])).toEqual(three)
  expect(confirmedBits([three, full, five])).toEqual(five)
})
