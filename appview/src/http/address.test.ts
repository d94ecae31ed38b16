import { expect, test } from 'vitest'
import { addressShares } from './address.ts'

const keys = (address: string) => addressShares(address).map(({ key }) => key)

test('an IPv4 address counts by itself', () => {
  expect(addressShares('203.0.113.5')).toEqual([{ key: '203.0.113.5', times: 1 }])
})

test.each([
  '::ffff:203.0.113.5',
  '::FFFF:cb00:7105',
  '0:0:0:0:0:ffff:203.0.113.5',
  '::203.0.113.5',
  '::cb00:7105',
  '64:ff9b::203.0.113.5',
  '2002:cb00:7105:1::1',
])('%s counts as 203.0.113.5', (address) => {
  expect(keys(address)).toEqual(['203.0.113.5'])
})

test('an IPv6 address counts for its /64, and for the larger networks one owner may have', () => {
  expect(addressShares('2001:db8:1:2345::6')).toEqual([
    { key: '2001:db8:1:2345::/64', times: 1 },
    { key: '2001:db8:1:2300::/56', times: 4 },
    { key: '2001:db8:1:0::/48', times: 16 },
  ])
})

test.each([
  ['2001:db8:1:2:3:4:5:6', '2001:DB8:1:2::1'],
  ['2001:0db8:0001:0002::1', '2001:db8:1:2::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::1', '127.0.0.1'],
])('%s and %s count together', (one, other) => {
  expect(keys(one)).toEqual(keys(other))
})

test('everything that is not an address counts together', () => {
  expect(keys('')).toEqual(['unknown'])
  expect(keys('unix:')).toEqual(['unknown'])
})
