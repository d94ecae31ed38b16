import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnnounceReply, type Family, newAnnounce } from './announce.ts'
import { openSwarmMemory } from './memory.ts'
import { Swarms } from './swarms.ts'

const one = new Uint8Array(20).fill(1)
const two = new Uint8Array(20).fill(2)

function newSwarms(peerBytes = 1 << 24) {
  const swarms = new Swarms(openSwarmMemory({ maxTorrents: 1000, peerBytes }))
  swarms.allowed.allow(one, 0)
  swarms.allowed.allow(two, 0)
  const announce = newAnnounce()
  const compact = [new Uint16Array(3 * 4096), new Uint16Array(9 * 4096)] as const
  const reply: AnnounceReply = { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact, offset4: 0 }
  const say = (
    address: readonly number[],
    port: number,
    { tick = 0, wanted = 0, infoHash = one, seeder = true } = {},
  ): AnnounceReply => {
    const family: Family = address.length === 4 ? 0 : 1
    new Uint8Array(announce.address.buffer).set(address)
    Object.assign(announce, { family, port, tick, wanted, seeder, random: 0.5 })
    swarms.announce(infoHash, 0, announce, reply)
    return reply
  }
  return { swarms, say }
}

/** An address of 2001:db8:SITE:HOUSEHOLD::HOST, or 10.0.0.HOST. */
const v6 = (site: number, household: number, host: number): number[] =>
  [0x20, 0x01, 0x0d, 0xb8, 0, site, 0, household].concat(Array(7).fill(0), host)
const v4 = (host: number): number[] => [10, 0, host >> 8, host & 255]

test('counts one address as few peers, whatever ports it names', () => {
  const { say } = newSwarms()
  for (let port = 1; port <= 3000; port++) say(v4(1), port)
  for (let host = 2; host < 100; host++) say(v4(host), 1, { seeder: false })
  const { seeders, leechers, peers, compact } = say(v4(100), 1, { wanted: 200, seeder: false })
  expect([seeders, leechers, peers[0]]).toEqual([8, 99, 106])
  const told = Array.from({ length: peers[0] }, (_, at) => compact[0][at * 3 + 1]!)
  expect(told.filter((word) => word === 0x0100)).toHaveLength(8)
})

test('counts a /64 as a household and a /48 as a site, whatever their addresses', () => {
  const { swarms, say } = newSwarms()
  for (let host = 0; host < 200; host++) say(v6(1, 1, host), 1)
  expect(swarms.totals().peers6).toBe(8)
  for (let household = 0; household < 200; household++) say(v6(1, household, 1), 1)
  expect(swarms.totals().peers6).toBe(32)
  for (let site = 2; site < 100; site++) say(v6(site, 1, 1), 1)
  expect(swarms.totals().peers6).toBe(32 + 98)
})

test('drops the peer of a full address that was silent longest', () => {
  const { swarms, say } = newSwarms()
  for (let port = 1; port <= 8; port++) say(v4(1), port, { tick: port === 3 ? 1 : 5 })
  say(v4(1), 9, { tick: 6 })
  const ports: number[] = []
  swarms.forEachPeer((_, { port }) => ports.push(port), { from: 1, count: 10 })
  expect(ports.sort((a, b) => a - b)).toEqual([1, 2, 4, 5, 6, 7, 8, 9])
  // Another node reports an announce late that was made before all of these.
  say(v4(1), 10, { tick: 0 })
  expect(swarms.totals()).toMatchObject({ peers4: 8, crowded: 2 })
})

test('two torrents that become one do not exceed the limit of an address', () => {
  const { swarms, say } = newSwarms()
  for (let port = 1; port <= 8; port++) say(v4(1), port)
  for (let port = 9; port <= 16; port++) say(v4(1), port, { infoHash: two })
  swarms.allowed.allow(Buffer.concat([one, two]), 0)
  expect(swarms.totals()).toMatchObject({ torrents: 1, peers4: 8, activeSwarms: 1 })
})

test('leaves memory for others when one address is in every swarm', () => {
  const { swarms, say } = newSwarms(1 << 17)
  const hashes = Array.from({ length: 900 }, (_, torrent) =>
    new Uint8Array(20)
      .fill(3)
      .fill(torrent, 0, 1)
      .fill(torrent >> 8, 1, 2),
  )
  for (const infoHash of hashes) swarms.allowed.allow(infoHash, 0)
  for (const infoHash of hashes) say(v4(1), 1, { infoHash })
  expect(swarms.totals().peers4).toBe((1 << 17) / 8 / 32)
  say(v4(2), 1, { infoHash: hashes[899]! })
  expect(swarms.totals().peers4).toBe((1 << 17) / 8 / 32 + 1)
  for (const infoHash of hashes) swarms.allowed.withdraw(infoHash, 0)
  say(v4(1), 1)
  expect(swarms.totals().peers4).toBe(1)
})

test('keeps every household of a swarm within its limit and nobody else out', () => {
  const command = fc.record({ host: fc.nat(600), port: fc.integer({ min: 1, max: 30 }), later: fc.nat(1) })
  fc.assert(
    fc.property(fc.array(command, { minLength: 100, maxLength: 1500, size: 'max' }), (commands) => {
      const { swarms, say } = newSwarms()
      const said = new Map<number, Set<number>>()
      let tick = 0
      for (const { host, port, later } of commands) {
        tick = (tick + later) & 0x7f
        // Most peers share a few addresses.
        const from = host < 550 ? host % 10 : host
        said.set(from, (said.get(from) ?? new Set()).add(port))
        say(v4(from), port, { tick, seeder: port % 2 === 0 })
      }
      const held = new Map<number, number>()
      swarms.forEachPeer((_, { address }) => held.set(address[0]!, (held.get(address[0]!) ?? 0) + 1), {
        from: 1,
        count: 10,
      })
      for (const count of held.values()) expect(count).toBeLessThanOrEqual(8)
      const most = [...said.values()].reduce((sum, ports) => sum + Math.min(8, ports.size), 0)
      expect(held.size).toBe(said.size)
      expect(swarms.totals().peers4).toBeLessThanOrEqual(most)
    }),
    { numRuns: 20 },
  )
})
