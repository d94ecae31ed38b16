import { expect, test } from 'vitest'
import { newAnnounce } from '../swarms/announce.ts'
import { Journal, readRecords } from './journal.ts'

const infoHash = new Uint8Array(20)

/** Notes `count` announces of an IPv4 address, each with another port. */
function announce(journal: Journal, address: number, count: number): void {
  const one = newAnnounce()
  one.address[0] = address
  for (let port = 1; port <= count; port++) {
    one.port = port
    journal.note(infoHash, 0, one)
  }
}

/** How many announces of an address are passed on. */
function taken(journal: Journal, address: number): number {
  const read = newAnnounce()
  let count = 0
  readRecords(journal.take(0) ?? new Uint8Array(), read, () => {
    if (read.address[0] === address) count++
  })
  return count
}

test('limits what one address sends to the other nodes', () => {
  const journal = new Journal(1, { peersPerAddress: 8 })
  announce(journal, 1, 5_000)
  announce(journal, 2, 10)
  expect(taken(journal, 1)).toBe(2_000)
  announce(journal, 1, 10)
  announce(journal, 2, 10)
  expect(taken(journal, 2)).toBe(10)
})

test('lifts the limit after ten seconds', () => {
  const journal = new Journal(1, { peersPerAddress: 1 })
  announce(journal, 1, 1_000)
  expect(taken(journal, 1)).toBe(250)
  for (let taking = 0; taking < 40; taking++) journal.take(0)
  announce(journal, 1, 1_000)
  expect(taken(journal, 1)).toBe(250)
})
