import { Allowed } from './allowed.ts'
import {
  type Announce,
  type AnnounceReply,
  COMPLETED_EVENT,
  type Family,
  newAnnounce,
  STOPPED,
  type SwarmCounts,
} from './announce.ts'
import { Blocks } from './blocks.ts'
import { Expiry } from './expiry.ts'
import { Lock } from './lock.ts'
import { header, type SwarmMemory } from './memory.ts'
import { COUNT, LIST_WORDS, PeerLists, SEEDERS } from './peer-list.ts'
import { COMPLETED, LISTS, SOCKET_LEECHERS, SOCKET_SEEDERS } from './torrent.ts'
import { type Window, WindowWriter } from './window.ts'

/**
 * Every swarm of the tracker: who announced which allowed torrent, and whom to tell about it. Pure: no
 * sockets, no clock (callers count ticks), no randomness (callers bring it).
 *
 * One announce costs the same in a swarm of ten and of ten million, and no call pauses to rebuild anything.
 */
export class Swarms {
  readonly allowed: Allowed
  readonly #words: Int32Array
  readonly #lists: readonly [PeerLists, PeerLists]
  readonly #windows: readonly [WindowWriter, WindowWriter]
  readonly #lock: Lock
  readonly #expiry: Expiry
  readonly #window: Window = { seeder: false, self: -1, wanted: 0, random: 0 }

  constructor(memory: SwarmMemory, options: SwarmsOptions = {}) {
    const { onDrop, shared = false } = options
    this.#lock = new Lock(memory.words, header.lock, shared)
    const blocks = new Blocks(memory)
    this.#words = memory.words
    this.#lists = [new PeerLists(memory, blocks, 1), new PeerLists(memory, blocks, 4)]
    this.#expiry = new Expiry(memory.words, this.#lists, (torrent) => this.allowed.at(torrent))
    this.#windows = [
      new WindowWriter(memory.words, this.#lists[0]),
      new WindowWriter(memory.words, this.#lists[1]),
    ]
    this.allowed = new Allowed(memory, {
      drop: (torrent) => {
        this.#drop(torrent)
        onDrop?.(torrent)
      },
      absorb: (torrent, into) => this.#absorb(torrent, into),
    })
  }

  /** Runs `change` while no other thread touches the swarms. Every use of `allowed` belongs in one. */
  exclusively<T>(change: () => T): T {
    this.#lock.take()
    try {
      return change()
    } finally {
      this.#lock.give()
    }
  }

  /**
   * Applies one announce (BEP 3, BEP 15) to the torrent that the 20 bytes at `offset` name, and fills `reply` with
   * counts and peers.
   * @returns false when that torrent is not allowed
   */
  announce(infoHash: Uint8Array, offset: number, announce: Announce, reply: AnnounceReply): boolean {
    this.#lock.take()
    try {
      const torrent = this.allowed.torrentOf(infoHash, offset)
      if (torrent !== 0) this.#announce(torrent, announce, reply)
      return torrent !== 0
    } finally {
      this.#lock.give()
    }
  }

  /** Fills `counts` for the torrent that the 20 bytes at `offset` name; false when it is not allowed. */
  scrape(infoHash: Uint8Array, offset: number, counts: SwarmCounts): boolean {
    this.#lock.take()
    try {
      const torrent = this.allowed.torrentOf(infoHash, offset)
      if (torrent !== 0) this.count(torrent, counts)
      return torrent !== 0
    } finally {
      this.#lock.give()
    }
  }

  /** Fills `counts` for a torrent by its number. */
  count(torrent: number, counts: SwarmCounts): void {
    const words = this.#words
    const at = this.allowed.at(torrent)
    const seeders = words[at + LISTS + SEEDERS]! + words[at + LISTS + LIST_WORDS + SEEDERS]!
    const peers = words[at + LISTS + COUNT]! + words[at + LISTS + LIST_WORDS + COUNT]!
    counts.seeders = seeders + words[at + SOCKET_SEEDERS]!
    counts.leechers = peers - seeders + words[at + SOCKET_LEECHERS]!
    counts.completed = words[at + COMPLETED]!
  }

  /** Adds to the counts of a torrent the peers that are sockets (WebTorrent), which live with their sockets. */
  countSockets(torrent: number, seeders: number, leechers: number, completed = 0): void {
    this.#lock.take()
    const words = this.#words
    const at = this.allowed.at(torrent)
    words[at + SOCKET_SEEDERS]! += seeders
    words[at + SOCKET_LEECHERS]! += leechers
    words[at + COMPLETED]! += completed
    words[header.sockets]! += seeders + leechers
    this.#lock.give()
  }

  /**
   * Drops peers that last announced more than `ttl` ticks (at most 230) before `tick`, looking at no more than
   * `budget` peers from where the last call ended. A full round must end within 250 ticks less `ttl`.
   * @returns true when this call ended a round over all swarms
   */
  expire(tick: number, ttl: number, budget: number): boolean {
    return this.exclusively(() => this.#expiry.step(tick, ttl, budget))
  }

  /**
   * Calls `visit` for every peer, under one of its torrent's names, as an announce without an event. Looks at `count`
   * torrents from `from` on and returns where to go on, or 0 at the end.
   */
  forEachPeer(
    visit: (infoHash: Uint8Array, announce: Announce) => void,
    { from, count }: { from: number; count: number },
  ): number {
    const announce = newAnnounce()
    const visitTorrent = (torrent: number, names: Uint8Array): void => {
      for (const family of [0, 1] as const) {
        const lists = this.#lists[family]
        const list = this.allowed.at(torrent) + LISTS + family * LIST_WORDS
        announce.family = family
        for (let position = 0; position < this.#words[list + COUNT]!; position++) {
          lists.read(lists.at(list, position), announce)
          announce.seeder = position < this.#words[list + SEEDERS]!
          visit(names, announce)
        }
      }
    }
    return this.exclusively(() => this.allowed.forEach(visitTorrent, { from, count }))
  }

  totals(): SwarmTotals {
    const words = this.#words
    return {
      torrents: words[header.torrentCount]!,
      infoHashes: words[header.nameCount]!,
      activeSwarms: words[header.activeSwarms]!,
      peers4: words[header.peers4]!,
      peers6: words[header.peers6]!,
      socketPeers: words[header.sockets]!,
      seeders: words[header.seeders]!,
      refusedFull: words[header.refusedFull]!,
      memoryBytes: words[header.liveSpans]! * 16_384,
    }
  }

  #announce(number: number, announce: Announce, reply: AnnounceReply): void {
    const words = this.#words
    const torrent = this.allowed.at(number)
    const list = torrent + LISTS + announce.family * LIST_WORDS
    const before = words[torrent + LISTS + COUNT]! + words[torrent + LISTS + LIST_WORDS + COUNT]!
    const self = this.#apply(torrent, list, announce)
    const after = words[torrent + LISTS + COUNT]! + words[torrent + LISTS + LIST_WORDS + COUNT]!
    if ((before === 0) !== (after === 0)) words[header.activeSwarms]! += after === 0 ? -1 : 1
    this.count(number, reply)
    reply.peers[0] = 0
    reply.peers[1] = 0
    if (announce.event === STOPPED || announce.wanted === 0) return
    const window = this.#window
    window.seeder = announce.seeder
    window.self = self
    window.wanted = announce.wanted
    window.random = announce.random
    this.#fill(list, announce.family, reply)
    if (!announce.bothFamilies) return
    window.self = -1
    window.wanted -= reply.peers[announce.family]!
    const other = announce.family === 0 ? 1 : 0
    if (window.wanted > 0) this.#fill(torrent + LISTS + other * LIST_WORDS, other, reply)
  }

  /** The announcing peer's position afterwards, or -1 when it is not in the list. */
  #apply(torrent: number, list: number, announce: Announce): number {
    const words = this.#words
    const lists = this.#lists[announce.family]
    const position = announce.port === 0 ? -1 : lists.find(list, announce.address, announce.port)
    // Another node may tell late what this one knows better.
    if (position >= 0 && isOlder(announce.tick, lists.tickAt(lists.at(list, position)))) return position
    if (announce.event === STOPPED) {
      // Another client behind the same address may not end this one.
      if (position >= 0 && lists.keyAt(lists.at(list, position)) === announce.key)
        lists.remove(list, position)
      return -1
    }
    if (announce.port === 0) return -1
    const wasSeeder = position >= 0 && position < words[list + SEEDERS]!
    if (announce.event === COMPLETED_EVENT && announce.seeder && !wasSeeder) words[torrent + COMPLETED]!++
    if (position >= 0) {
      lists.refresh(lists.at(list, position), announce.key, announce.tick)
      return lists.setSeeder(list, position, announce.seeder)
    }
    const inserted = lists.insert(list, announce, announce.seeder)
    if (inserted < 0) words[header.refusedFull]!++
    return inserted
  }

  #fill(list: number, family: Family, reply: AnnounceReply): void {
    const offset = family === 0 ? reply.offset4 : 0
    reply.peers[family] = this.#windows[family].write(list, this.#window, reply.compact[family], offset)
  }

  #drop(torrent: number): void {
    const words = this.#words
    const at = this.allowed.at(torrent)
    if (words[at + LISTS + COUNT]! + words[at + LISTS + LIST_WORDS + COUNT]! > 0)
      words[header.activeSwarms]!--
    this.#lists[0].clear(at + LISTS)
    this.#lists[1].clear(at + LISTS + LIST_WORDS)
    words[header.sockets]! -= words[at + SOCKET_SEEDERS]! + words[at + SOCKET_LEECHERS]!
    words[at + SOCKET_SEEDERS] = 0
    words[at + SOCKET_LEECHERS] = 0
  }

  #absorb(torrent: number, into: number): void {
    const words = this.#words
    const from = this.allowed.at(torrent)
    const to = this.allowed.at(into)
    const peer = newAnnounce()
    for (const family of [0, 1] as const) {
      const lists = this.#lists[family]
      const source = from + LISTS + family * LIST_WORDS
      const target = to + LISTS + family * LIST_WORDS
      for (let position = 0; position < words[source + COUNT]!; position++) {
        lists.read(lists.at(source, position), peer)
        if (lists.find(target, peer.address, peer.port) < 0) {
          if (words[to + LISTS + COUNT]! + words[to + LISTS + LIST_WORDS + COUNT]! === 0) {
            words[header.activeSwarms]!++
          }
          lists.insert(target, peer, position < words[source + SEEDERS]!)
        }
      }
    }
    words[to + COMPLETED]! += words[from + COMPLETED]!
  }
}

export type SwarmsOptions = {
  /** Is told of every torrent that is no longer allowed, after its peers are gone. */
  onDrop?: (torrent: number) => void
  /** Other threads use the same memory. */
  shared?: boolean
}

export type SwarmTotals = {
  torrents: number
  infoHashes: number
  activeSwarms: number
  peers4: number
  peers6: number
  socketPeers: number
  seeders: number
  refusedFull: number
  memoryBytes: number
}

/** Ticks count modulo 256. */
function isOlder(tick: number, than: number): boolean {
  const behind = (than - tick) & 0xff
  return behind > 0 && behind < 128
}
