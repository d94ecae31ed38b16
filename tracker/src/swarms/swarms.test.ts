import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type AnnounceReply, completedEvent, type Family, noEvent, stopped } from './announce.ts'
import { openSwarmMemory } from './memory.ts'
import { Swarms } from './swarms.ts'

/** A straightforward implementation of the same rules, with one object per peer. */
class NaiveSwarms {
  readonly torrents = new Map<number, { completed: number; peers: Map<string, NaivePeer> }>()

  announce(torrent: number, peer: NaivePeer & { id: string }, event: number): void {
    const swarm = this.torrents.get(torrent)!
    const known = swarm.peers.get(peer.id)
    if (event === stopped) {
      if (known?.key === peer.key) swarm.peers.delete(peer.id)
      return
    }
    if (event === completedEvent && peer.seeder && known?.seeder === false) swarm.completed++
    swarm.peers.set(peer.id, { seeder: peer.seeder, key: peer.key, tick: peer.tick })
  }

  expire(tick: number, ttl: number): void {
    for (const { peers } of this.torrents.values()) {
      for (const [id, peer] of peers) if (((tick - peer.tick) & 0xff) > ttl) peers.delete(id)
    }
  }
}

interface NaivePeer {
  seeder: boolean
  key: number
  tick: number
}

const torrentCount = 4
const hashOf = (torrent: number): Uint8Array => {
  const hash = new Uint8Array(20).fill(torrent + 1)
  return hash
}

function newReply(): AnnounceReply {
  const compact = [new Uint16Array(3 * 4096), new Uint16Array(9 * 4096)] as const
  return { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact, offset4: 0 }
}

const addressOf = (family: Family, host: number): Int32Array =>
  family === 0 ? Int32Array.of(host + 1, 0, 0, 0) : Int32Array.of(host + 1, host % 3, host, ~host)

const idOf = (family: Family, host: number, port: number): string =>
  `${family} ${[...addressOf(family, host)].slice(0, family === 0 ? 1 : 4)} ${port}`

function idsIn(reply: AnnounceReply, family: Family): string[] {
  const words = family === 0 ? 1 : 4
  const halves = words * 2 + 1
  return Array.from({ length: reply.peers[family]! }, (_, peer) => {
    const at = peer * halves
    const out = reply.compact[family]
    const address = Array.from(
      { length: words },
      (_, word) => out[at + word * 2]! | (out[at + word * 2 + 1]! << 16),
    )
    return `${family} ${address} ${out[at + halves - 1]}`
  })
}

const command = fc.record({
  torrent: fc.nat(torrentCount - 1),
  family: fc.constantFrom<Family>(0, 1),
  host: fc.nat(400),
  port: fc.integer({ min: 1, max: 3 }),
  key: fc.nat(1),
  seeder: fc.boolean(),
  event: fc.constantFrom(noEvent, noEvent, noEvent, completedEvent, stopped),
  wanted: fc.constantFrom(0, 1, 5, 50, 4000),
  both: fc.boolean(),
  random: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  later: fc.constantFrom(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 30),
})

test('counts and peers equal those of a naive tracker, whatever is announced', () => {
  fc.assert(
    fc.property(fc.array(command, { minLength: 1, maxLength: 1500, size: 'max' }), (commands) => {
      const swarms = new Swarms(openSwarmMemory({ maxTorrents: 100, peerBytes: 1 << 22 }))
      const naive = new NaiveSwarms()
      const numbers = Array.from({ length: torrentCount }, (_, torrent) => {
        expect(swarms.allowed.allow(hashOf(torrent), 0)).toBe(true)
        const number = swarms.allowed.torrentOf(hashOf(torrent), 0)
        naive.torrents.set(number, { completed: 0, peers: new Map() })
        return number
      })
      const reply = newReply()
      let tick = 250
      for (const each of commands) {
        if (each.later > 0) {
          tick = (tick + each.later) & 0xff
          while (!swarms.expire(tick, 40, 100)) {}
          naive.expire(tick, 40)
        }
        const torrent = numbers[each.torrent]!
        const infoHash = hashOf(each.torrent)
        const { family, host, port, key, seeder, event, random } = each
        const address = addressOf(family, host)
        swarms.announce(
          infoHash,
          0,
          {
            family,
            address,
            port,
            key,
            tick,
            event,
            seeder,
            wanted: each.wanted,
            bothFamilies: each.both,
            random,
          },
          reply,
        )
        naive.announce(torrent, { id: idOf(family, host, port), seeder, key, tick }, event)
        check(reply, naive.torrents.get(torrent)!, { ...each, self: idOf(family, host, port) })
      }
      const all = [...naive.torrents.values()]
      const totals = swarms.totals()
      const ids = all.flatMap(({ peers }) => [...peers.keys()])
      expect(totals.peers4).toBe(ids.filter((id) => id.startsWith('0')).length)
      expect(totals.peers6).toBe(ids.filter((id) => id.startsWith('1')).length)
      expect(totals.seeders).toBe(
        all.flatMap(({ peers }) => [...peers.values()]).filter((p) => p.seeder).length,
      )
      expect(totals.activeSwarms).toBe(all.filter(({ peers }) => peers.size > 0).length)
      for (const torrent of [0, 1, 2, 3]) swarms.allowed.withdraw(hashOf(torrent), 0)
      expect(swarms.totals()).toMatchObject({
        peers4: 0,
        peers6: 0,
        torrents: 0,
        activeSwarms: 0,
        memoryBytes: 0,
      })
    }),
    { numRuns: 20 },
  )
})

function check(
  reply: AnnounceReply,
  swarm: { completed: number; peers: Map<string, NaivePeer> },
  asked: { self: string; family: Family; seeder: boolean; event: number; wanted: number; both: boolean },
): void {
  const peers = [...swarm.peers]
  const seeders = peers.filter(([, peer]) => peer.seeder).length
  expect([reply.seeders, reply.leechers, reply.completed]).toEqual([
    seeders,
    peers.length - seeders,
    swarm.completed,
  ])
  let left = asked.event === stopped ? 0 : asked.wanted
  for (const family of [asked.family, asked.family === 0 ? 1 : 0] as const) {
    const given = idsIn(reply, family)
    const useful = peers.filter(
      ([id, peer]) => id !== asked.self && id.startsWith(`${family}`) && !(asked.seeder && peer.seeder),
    )
    const expected = family === asked.family || asked.both ? Math.min(left, useful.length) : 0
    expect(given).toHaveLength(expected)
    expect(new Set(given).size).toBe(expected)
    const usefulIds = new Set(useful.map(([id]) => id))
    for (const id of given) expect(usefulIds).toContain(id)
    if (!asked.seeder) {
      const givenSeeders = given.filter((id) => swarm.peers.get(id)!.seeder).length
      expect(givenSeeders).toBe(Math.min(expected, useful.filter(([, peer]) => peer.seeder).length))
    }
    left -= expected
  }
}
