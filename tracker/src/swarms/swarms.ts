import { Allowed } from './allowed.ts'
import {
  type Announce,
  type AnnounceReply,
  completedEvent,
  type Family,
  newAnnounce,
  type SwarmCounts,
  stopped,
} from './announce.ts'
import { Blocks } from './blocks.ts'
import { Crowding } from './crowding.ts'
import { Expiry } from './expiry.ts'
import { Lock } from './lock.ts'
import { header, type SwarmMemory } from './memory.ts'
import { countField, listWords, PeerLists, seedersField } from './peer-list.ts'
import { completedField, listsField, socketLeechers, socketSeeders } from './torrent.ts'
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
  readonly #crowding: Crowding
  readonly #window: Window = { seeder: false, self: -1, wanted: 0, random: 0 }

  constructor(memory: SwarmMemory, options: SwarmsOptions = {}) {
    const { onDrop, shared = false } = options
    this.#lock = new Lock(memory.words, header.lock, shared)
    const blocks = new Blocks(memory)
    this.#words = memory.words
    this.#lists = [new PeerLists(memory, blocks, 1), new PeerLists(memory, blocks, 4)]
    this.#crowding = new Crowding(memory)
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

  /** Runs `change` while no other thread uses the swarms. Every use of `allowed` must be inside such a call. */
  exclusively<T>(change: () => T): T {
    this.#lock.take()
    try {
      return change()
    } finally {
      this.#lock.give()
    }
  }

  /**
   * Applies one announce (BEP 3, BEP 15) to the torrent that the 20 bytes at `offset` identify, and fills `reply` with
   * counts and peers.
   * @returns false if that torrent is not allowed
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

  /** Fills `counts` for a torrent given by its number. */
  count(torrent: number, counts: SwarmCounts): void {
    const words = this.#words
    const at = this.allowed.at(torrent)
    const seeders =
      words[at + listsField + seedersField]! + words[at + listsField + listWords + seedersField]!
    const peers = words[at + listsField + countField]! + words[at + listsField + listWords + countField]!
    counts.seeders = seeders + words[at + socketSeeders]!
    counts.leechers = peers - seeders + words[at + socketLeechers]!
    counts.completed = words[at + completedField]!
  }

  /** Adds WebSocket peers (WebTorrent) to the counts of a torrent; these peers are stored with their sockets. */
  countSockets(torrent: number, seeders: number, leechers: number, completed = 0): void {
    this.#lock.take()
    const words = this.#words
    const at = this.allowed.at(torrent)
    words[at + socketSeeders]! += seeders
    words[at + socketLeechers]! += leechers
    words[at + completedField]! += completed
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
        const list = this.allowed.at(torrent) + listsField + family * listWords
        announce.family = family
        for (let position = 0; position < this.#words[list + countField]!; position++) {
          lists.read(lists.at(list, position), announce)
          announce.seeder = position < this.#words[list + seedersField]!
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
      crowded: words[header.crowded]!,
      memoryBytes: words[header.liveSpans]! * 16_384,
    }
  }

  #announce(number: number, announce: Announce, reply: AnnounceReply): void {
    const words = this.#words
    const torrent = this.allowed.at(number)
    const list = torrent + listsField + announce.family * listWords
    const before =
      words[torrent + listsField + countField]! + words[torrent + listsField + listWords + countField]!
    const self = this.#apply(torrent, list, announce)
    const after =
      words[torrent + listsField + countField]! + words[torrent + listsField + listWords + countField]!
    if ((before === 0) !== (after === 0)) words[header.activeSwarms]! += after === 0 ? -1 : 1
    this.count(number, reply)
    reply.peers[0] = 0
    reply.peers[1] = 0
    if (announce.event === stopped || announce.wanted === 0) return
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
    if (window.wanted > 0) this.#fill(torrent + listsField + other * listWords, other, reply)
  }

  /** Returns the position of the announcing peer afterwards, or -1 if it is not in the list. */
  #apply(torrent: number, list: number, announce: Announce): number {
    const words = this.#words
    const lists = this.#lists[announce.family]
    const position = announce.port === 0 ? -1 : lists.find(list, announce.address, announce.port)
    // Another node may report an announce late; what this node knows is newer.
    if (position >= 0 && isOlder(announce.tick, lists.tickAt(lists.at(list, position)))) return position
    if (announce.event === stopped) {
      // Another client behind the same address must not remove this one.
      if (position >= 0 && lists.keyAt(lists.at(list, position)) === announce.key)
        lists.remove(list, position)
      return -1
    }
    if (announce.port === 0) return -1
    if (position >= 0) {
      // Only a peer that was seen to download counts as a completed download; otherwise each port of an address would
      // count.
      const wasSeeder = position < words[list + seedersField]!
      if (announce.event === completedEvent && announce.seeder && !wasSeeder)
        words[torrent + completedField]!++
      lists.refresh(lists.at(list, position), announce.key, announce.tick)
      return lists.setSeeder(list, position, announce.seeder)
    }
    if (!this.#crowding.admit(lists, list, announce)) return -1
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
    if (words[at + listsField + countField]! + words[at + listsField + listWords + countField]! > 0)
      words[header.activeSwarms]!--
    this.#lists[0].clear(at + listsField)
    this.#lists[1].clear(at + listsField + listWords)
    words[header.sockets]! -= words[at + socketSeeders]! + words[at + socketLeechers]!
    words[at + socketSeeders] = 0
    words[at + socketLeechers] = 0
  }

  #absorb(torrent: number, into: number): void {
    const words = this.#words
    const from = this.allowed.at(torrent)
    const to = this.allowed.at(into)
    const peer = newAnnounce()
    for (const family of [0, 1] as const) {
      const lists = this.#lists[family]
      const source = from + listsField + family * listWords
      const target = to + listsField + family * listWords
      for (let position = 0; position < words[source + countField]!; position++) {
        lists.read(lists.at(source, position), peer)
        if (lists.find(target, peer.address, peer.port) >= 0) continue
        if (!this.#crowding.admit(lists, target, peer)) continue
        const before = words[to + listsField + countField]! + words[to + listsField + listWords + countField]!
        const inserted = lists.insert(target, peer, position < words[source + seedersField]!)
        if (inserted >= 0 && before === 0) words[header.activeSwarms]!++
      }
    }
    words[to + completedField]! += words[from + completedField]!
  }
}

export interface SwarmsOptions {
  /** Called for every torrent that is no longer allowed, after its peers are removed. */
  onDrop?: (torrent: number) => void
  /** Whether other threads use the same memory. */
  shared?: boolean
}

export interface SwarmTotals {
  torrents: number
  infoHashes: number
  activeSwarms: number
  peers4: number
  peers6: number
  socketPeers: number
  seeders: number
  refusedFull: number
  /** Peers that were dropped or not added because their address has reached its limit. */
  crowded: number
  memoryBytes: number
}

/** Compares ticks, which count modulo 256. */
function isOlder(tick: number, than: number): boolean {
  const behind = (than - tick) & 0xff
  return behind > 0 && behind < 128
}
