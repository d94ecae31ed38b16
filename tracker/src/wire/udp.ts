import type { AnnounceInterval } from '../announce-interval.ts'
import type { Counts } from '../counts.ts'
import { type Announce, type AnnounceReply, type Family, newAnnounce } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { type ConnectionIds, readInt32, writeInt32 } from './connection-ids.ts'
import { foldKey } from './http-query.ts'

/**
 * Answers UDP tracker datagrams (BEP 15); options of BEP 41 are skipped. Nothing is stored between datagrams, and an
 * address that has not proved that it is genuine never gets more bytes than it sent.
 */
export class UdpResponder {
  /**
   * Whether more datagrams arrive than can be answered. Then only clients that have proved their address are served, so
   * that a flood of connects leaves room for announces. A client that gets no answer asks again later (BEP 15).
   */
  behind = false
  readonly #swarms: Swarms
  readonly #interval: AnnounceInterval
  readonly #ids: ConnectionIds
  readonly #counts: Counts
  readonly #listReady: () => boolean
  readonly #random: () => number
  readonly #note: NoteAnnounce | undefined
  readonly #announce = newAnnounce()
  readonly #counted = { seeders: 0, leechers: 0, completed: 0 }

  constructor(parts: UdpResponderParts) {
    this.#swarms = parts.swarms
    this.#interval = parts.interval
    this.#ids = parts.ids
    this.#counts = parts.counts
    this.#listReady = parts.listReady
    this.#random = parts.random ?? Math.random
    this.#note = parts.note
  }

  /**
   * Writes the answer to the datagram in the first `length` bytes of `message` into `out`.
   * @returns its length in bytes; 0 if there is no answer
   */
  answer(message: Uint8Array, length: number, from: UdpSender, out: UdpAnswer): number {
    const { family, address } = from
    if (length < 16) return this.#malformed()
    const action = readInt32(message, 8)
    const { bytes } = out
    bytes[4] = message[12]!
    bytes[5] = message[13]!
    bytes[6] = message[14]!
    bytes[7] = message[15]!
    if (action === connect) {
      if (readInt32(message, 0) !== protocolHigh || readInt32(message, 4) !== protocolLow) {
        return this.#malformed()
      }
      if (this.behind) return this.#drop()
      this.#counts.udpConnects++
      writeInt32(bytes, 0, connect)
      this.#ids.write(family, address, bytes, 8)
      return 16
    }
    const isAnnounce = action === announcePath && length >= 98
    if (!isAnnounce && action !== scrape) return this.#malformed()
    // An answer must not be longer than its request: a scrape of no torrent has 16 bytes, a scrape of one torrent 36.
    const room = isAnnounce ? 2 : length >= 36 ? 1 : 0
    if (!this.#ids.check(family, address, message, 0)) {
      if (this.behind) return this.#drop()
      this.#counts.udpBadConnectionId++
      return fail(bytes, badId[room])
    }
    if (!this.#listReady()) {
      this.#counts.udpUnready++
      return fail(bytes, unready[room])
    }
    return isAnnounce
      ? this.#answerAnnounce(message, family, address, out)
      : this.#answerScrape(message, length, bytes)
  }

  #answerAnnounce(message: Uint8Array, family: Family, address: Int32Array, out: UdpAnswer): number {
    const { bytes } = out
    const random = this.#random()
    const announce = this.#announce
    announce.family = family
    announce.address[0] = address[0]!
    if (family === 1) announce.address.set(address)
    announce.port = message[96]! | (message[97]! << 8)
    if (announce.port === 0) {
      this.#counts.udpMalformed++
      return fail(bytes, noPort)
    }
    announce.key = foldKey(readInt32(message, isAria2(message) ? peerIdEnd : key))
    announce.tick = this.#interval.tick
    announce.event = message[83]! > 4 ? 0 : message[83]!
    announce.seeder = (readInt32(message, 64) | readInt32(message, 68)) === 0
    const wanted = readInt32(message, 92)
    const most = mostWanted[family]
    announce.wanted = wanted < 0 ? defaultWanted : wanted > most ? most : wanted
    announce.random = random
    const { reply } = out
    if (!this.#swarms.announce(message, 16, announce, reply)) {
      this.#counts.udpUnknown++
      return fail(bytes, unknown)
    }
    this.#counts.udpAnnounces++
    this.#note?.(message, 16, announce)
    writeInt32(bytes, 0, announcePath)
    writeInt32(bytes, 8, this.#interval.nextSeconds((random * 1021) % 1))
    writeInt32(bytes, 12, reply.leechers)
    writeInt32(bytes, 16, reply.seeders)
    return 20 + reply.peers[family]! * (family === 0 ? 6 : 18)
  }

  #answerScrape(message: Uint8Array, length: number, bytes: Uint8Array): number {
    const hashes = Math.min(mostScraped, Math.floor((length - 16) / 20))
    const counted = this.#counted
    this.#counts.udpScrapes++
    writeInt32(bytes, 0, scrape)
    for (let index = 0, at = 8; index < hashes; index++, at += 12) {
      if (!this.#swarms.scrape(message, 16 + index * 20, counted)) bytes.fill(0, at, at + 12)
      else {
        writeInt32(bytes, at, counted.seeders)
        writeInt32(bytes, at + 4, counted.completed)
        writeInt32(bytes, at + 8, counted.leechers)
      }
    }
    return 8 + hashes * 12
  }

  #drop(): number {
    this.#counts.udpDropped++
    return 0
  }

  #malformed(): number {
    this.#counts.udpMalformed++
    return 0
  }
}

export interface UdpResponderParts {
  swarms: Swarms
  interval: AnnounceInterval
  ids: ConnectionIds
  counts: Counts
  listReady: () => boolean
  /** Called for every announce that was served. */
  note?: NoteAnnounce | undefined
  /** Returns a random number in [0, 1). */
  random?: () => number
}

/** Called with an announce for the torrent that the 20 bytes at `offset` identify. */
export type NoteAnnounce = (infoHash: Uint8Array, offset: number, announce: Announce) => void

/** A datagram to fill; the swarms write peers directly into it. */
export interface UdpAnswer {
  readonly bytes: Uint8Array
  readonly reply: AnnounceReply
}

/** The sender of a datagram; the object is reused for the next. */
export interface UdpSender {
  family: Family
  readonly address: Int32Array
}

/** @param at where in `buffer` the answer goes, an even number */
export function newUdpAnswer(buffer = new ArrayBuffer(answerBytes), at = 0): UdpAnswer {
  const bytes = new Uint8Array(buffer, at, answerBytes)
  const compact = new Uint16Array(buffer, at + 20, (answerBytes - 20) / 2)
  return {
    bytes,
    reply: { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact: [compact, compact], offset4: 0 },
  }
}

const [connect, announcePath, scrape, error] = [0, 1, 2, 3] as const
const protocolHigh = 0x417
const protocolLow = 0x27101980
const defaultWanted = 50
/** The number of peers that fit into a datagram which no network splits. */
const mostWanted = [200, 70] as const
const mostScraped = 74
const answerBytes = 1420

const peerId = 36
/** The offset of the last 32 bits of `peer_id`. */
const peerIdEnd = 52
const key = 88

/**
 * aria2 sends a new key in every datagram, so that none would match an earlier one; the random part of its `peer_id` is
 * used instead.
 */
function isAria2(message: Uint8Array): boolean {
  return message[peerId] === 0x41 && message[peerId + 1] === 0x32 && message[peerId + 2] === 0x2d
}

const latin1 = new TextEncoder()
const unknown = latin1.encode('torrent is not in this index')
const noPort = latin1.encode('port 0 cannot be reached: announce the port you listen on')
/** The answers to requests of 16, 36 and 98 bytes. */
const unready = [
  latin1.encode('no list'),
  latin1.encode('no allow-list yet, try later'),
  latin1.encode('tracker has no allow-list yet, retry in a few minutes'),
] as const
const expired = latin1.encode('connection id has expired')
const badId = [latin1.encode('expired'), expired, expired] as const

function fail(bytes: Uint8Array, reason: Uint8Array): number {
  writeInt32(bytes, 0, error)
  bytes.set(reason, 8)
  return 8 + reason.length
}
