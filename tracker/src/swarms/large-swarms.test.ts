import { expect, test } from 'vitest'
import { type AnnounceReply, newAnnounce, stopped } from './announce.ts'
import { openSwarmMemory } from './memory.ts'
import { Swarms } from './swarms.ts'

const one = new Uint8Array(20).fill(1)
const two = new Uint8Array(20).fill(2)
const both = Buffer.concat([one, two])

function newSwarms(peerBytes = 1 << 26) {
  const swarms = new Swarms(openSwarmMemory({ maxTorrents: 100, peerBytes }))
  swarms.allowed.allow(one, 0)
  const announce = newAnnounce()
  const compact = [new Uint16Array(3 * 200), new Uint16Array(9 * 200)] as const
  const reply: AnnounceReply = { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact, offset4: 0 }
  const say = (peer: number, said: Partial<typeof announce> = {}, infoHash = one): AnnounceReply => {
    Object.assign(announce, { event: 0, wanted: 0, tick: 0, seeder: false, family: 0 }, said)
    announce.address.fill(peer + 1)
    announce.port = 1
    announce.random = Math.random()
    swarms.announce(infoHash, 0, announce, reply)
    return reply
  }
  return { swarms, say }
}

test.each([0, 1] as const)(
  'counts a swarm exactly while it grows past one directory and shrinks again (%s)',
  (family) => {
    const { swarms, say } = newSwarms()
    const count = 40_000
    for (let peer = 0; peer < count; peer++) say(peer, { family, seeder: peer % 4 === 0 })
    expect(say(0, { family, seeder: true })).toMatchObject({ seeders: count / 4, leechers: (count / 4) * 3 })
    // Every other peer leaves, then the rest in another order.
    for (let peer = 0; peer < count; peer += 2) say(peer, { family, event: stopped })
    expect(swarms.totals()[family === 0 ? 'peers4' : 'peers6']).toBe(count / 2)
    for (let peer = 0; peer < count; peer++) say(peer, { family, seeder: true })
    expect(say(1, { family, seeder: true })).toMatchObject({ seeders: count, leechers: 0 })
    for (let turn = 0; turn < count; turn++) say((turn * 7919) % count, { family, event: stopped })
    expect(swarms.totals()).toMatchObject({
      peers4: 0,
      peers6: 0,
      seeders: 0,
      activeSwarms: 0,
      memoryBytes: 0,
    })
  },
)

test('lists every peer of a swarm with the same probability', () => {
  const { say } = newSwarms()
  const peers = 300
  for (let peer = 0; peer < peers; peer++) say(peer)
  const told = new Array<number>(peers).fill(0)
  const rounds = 6000
  for (let round = 0; round < rounds; round++) {
    const { compact } = say(7, { wanted: 10 })
    for (let at = 0; at < 10; at++) told[compact[0][at * 3]! - 1]!++
  }
  expect(told[7]).toBe(0)
  const expected = (rounds * 10) / (peers - 1)
  for (const [peer, times] of told.entries()) {
    // Six standard deviations of a uniform draw.
    if (peer !== 7) expect(Math.abs(times - expected), `peer ${peer}`).toBeLessThan(6 * Math.sqrt(expected))
  }
})

test('does not expire a peer that announced ahead of its clock', () => {
  const { swarms, say } = newSwarms()
  for (let peer = 0; peer < 50_000; peer++) say(peer, { tick: 100 })
  while (!swarms.expire(99, 100, 5000)) {}
  expect(swarms.totals().peers4).toBe(50_000)
})

test('expires many peers without long pauses', () => {
  const { swarms, say } = newSwarms()
  for (let peer = 0; peer < 50_000; peer++) say(peer, { tick: 100 })
  const pauses: number[] = []
  for (let over = false; !over; ) {
    const begun = performance.now()
    over = swarms.expire(250, 100, 1000)
    pauses.push(performance.now() - begun)
  }
  expect(swarms.totals().peers4).toBe(0)
  // The median, because the machine that runs this may be doing other things.
  expect(pauses.sort((a, b) => a - b)[pauses.length >> 1]).toBeLessThan(5)
})

test('two torrents that become one keep the peers of both', () => {
  const { swarms, say } = newSwarms()
  swarms.allowed.allow(two, 1)
  for (let peer = 0; peer < 100; peer++) say(peer)
  for (let peer = 50; peer < 200; peer++) say(peer, { seeder: true }, two)
  expect(swarms.totals()).toMatchObject({ torrents: 2, activeSwarms: 2 })
  swarms.allowed.allow(both, 2)
  expect(swarms.totals()).toMatchObject({ torrents: 1, infoHashes: 2, peers4: 200, activeSwarms: 1 })
  swarms.allowed.withdraw(one, 0)
  swarms.allowed.withdraw(both, 2)
  expect(swarms.totals()).toMatchObject({ torrents: 1, infoHashes: 1, peers4: 200 })
  swarms.allowed.withdraw(two, 1)
  expect(swarms.totals()).toMatchObject({ torrents: 0, infoHashes: 0, peers4: 0, memoryBytes: 0 })
})

test('answers when its memory is full, and accepts peers when there is room', () => {
  const { swarms, say } = newSwarms(1 << 16)
  for (let peer = 0; peer < 20_000; peer++) say(peer)
  const { peers4, refusedFull } = swarms.totals()
  expect(peers4 + refusedFull).toBe(20_000)
  expect(refusedFull).toBeGreaterThan(0)
  expect(say(19_999, { wanted: 50 }).peers[0]).toBe(50)
  for (let peer = 0; peer < 100; peer++) say(peer, { event: stopped })
  say(30_000)
  expect(swarms.totals().peers4).toBe(peers4 - 99)
})

test('a snapshot of the allow-list removes exactly what it does not contain', () => {
  const { swarms } = newSwarms()
  swarms.allowed.allow(two, 3)
  const three = new Uint8Array(20).fill(3)
  swarms.allowed.allow(three, 0, true)
  expect(swarms.allowed.withdrawUnconfirmed(0, 1, 1)).not.toBe(0)
  expect(swarms.allowed.withdrawUnconfirmed(0, 2, 100)).toBe(0)
  expect([one, two, three].map((hash) => swarms.allowed.torrentOf(hash, 0) !== 0)).toEqual([
    false,
    true,
    true,
  ])
})
