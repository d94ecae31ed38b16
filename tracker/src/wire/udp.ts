import type { Counts } from '../counts.ts'
import type { Pace } from '../pace.ts'
import { type Announce, type AnnounceReply, type Family, newAnnounce } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { type ConnectionIds, readInt32, writeInt32 } from './connection-ids.ts'
import { foldKey } from './http-query.ts'

/**
 * Answers UDP tracker datagrams (BEP 15), with the options of BEP 41 stepped over. Keeps nothing between
 * datagrams, and answers no address that has not proved it is one with more bytes than it was sent.
 */
export class UdpResponder {
  /**
   * More arrives than is answered: those who have proved their address are served and others are not, so that a flood
   * of connects leaves room for announces. Whoever gets no answer asks again later (BEP 15).
   */
  behind = false
  readonly #swarms: Swarms
  readonly #pace: Pace
  readonly #ids: ConnectionIds
  readonly #counts: Counts
  readonly #listReady: () => boolean
  readonly #random: () => number
  readonly #note: NoteAnnounce | undefined
  readonly #announce = newAnnounce()
  readonly #counted = { seeders: 0, leechers: 0, completed: 0 }

  constructor(parts: UdpResponderParts) {
    this.#swarms = parts.swarms
    this.#pace = parts.pace
    this.#ids = parts.ids
    this.#counts = parts.counts
    this.#listReady = parts.listReady
    this.#random = parts.random ?? Math.random
    this.#note = parts.note
  }

  /**
   * Writes the answer to the datagram in the first `length` bytes of `message` into `out`.
   * @returns its length in bytes; 0 when there is none to give
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
    if (action === CONNECT) {
      if (readInt32(message, 0) !== PROTOCOL_HIGH || readInt32(message, 4) !== PROTOCOL_LOW) {
        return this.#malformed()
      }
      if (this.behind) return this.#drop()
      this.#counts.udpConnects++
      writeInt32(bytes, 0, CONNECT)
      this.#ids.write(family, address, bytes, 8)
      return 16
    }
    const isAnnounce = action === ANNOUNCE && length >= 98
    if (!isAnnounce && !(action === SCRAPE && length >= 36)) return this.#malformed()
    if (!this.#ids.check(family, address, message, 0)) {
      if (this.behind) return this.#drop()
      this.#counts.udpBadConnectionId++
      return fail(bytes, BAD_ID)
    }
    if (!this.#listReady()) {
      this.#counts.udpUnready++
      return fail(bytes, isAnnounce ? UNREADY : UNREADY_SHORT)
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
    announce.key = foldKey(readInt32(message, isAria2(message) ? PEER_ID_END : KEY))
    announce.tick = this.#pace.tick
    announce.event = message[83]! > 4 ? 0 : message[83]!
    announce.seeder = (readInt32(message, 64) | readInt32(message, 68)) === 0
    const wanted = readInt32(message, 92)
    const most = MOST_WANTED[family]
    announce.wanted = wanted < 0 ? DEFAULT_WANTED : wanted > most ? most : wanted
    announce.random = random
    const { reply } = out
    if (!this.#swarms.announce(message, 16, announce, reply)) {
      this.#counts.udpUnknown++
      return fail(bytes, UNKNOWN)
    }
    this.#counts.udpAnnounces++
    this.#note?.(message, 16, announce)
    writeInt32(bytes, 0, ANNOUNCE)
    writeInt32(bytes, 8, this.#pace.interval((random * 1021) % 1))
    writeInt32(bytes, 12, reply.leechers)
    writeInt32(bytes, 16, reply.seeders)
    return 20 + reply.peers[family]! * (family === 0 ? 6 : 18)
  }

  #answerScrape(message: Uint8Array, length: number, bytes: Uint8Array): number {
    const hashes = Math.min(MOST_SCRAPED, Math.floor((length - 16) / 20))
    const counted = this.#counted
    this.#counts.udpScrapes++
    writeInt32(bytes, 0, SCRAPE)
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

export type UdpResponderParts = {
  swarms: Swarms
  pace: Pace
  ids: ConnectionIds
  counts: Counts
  listReady: () => boolean
  /** Is told of every announce that was served. */
  note?: NoteAnnounce | undefined
  /** In [0, 1). */
  random?: () => number
}

/** An announce to the torrent that the 20 bytes at `offset` name. */
export type NoteAnnounce = (infoHash: Uint8Array, offset: number, announce: Announce) => void

/** A datagram to fill, whose peers the swarms write in place. */
export type UdpAnswer = { readonly bytes: Uint8Array; readonly reply: AnnounceReply }

/** Who sent a datagram; reused from one to the next. */
export type UdpSender = { family: Family; readonly address: Int32Array }

/** @param at where in `buffer` the answer goes, an even number */
export function newUdpAnswer(buffer = new ArrayBuffer(ANSWER_BYTES), at = 0): UdpAnswer {
  const bytes = new Uint8Array(buffer, at, ANSWER_BYTES)
  const compact = new Uint16Array(buffer, at + 20, (ANSWER_BYTES - 20) / 2)
  return {
    bytes,
    reply: { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact: [compact, compact], offset4: 0 },
  }
}

const [CONNECT, ANNOUNCE, SCRAPE, ERROR] = [0, 1, 2, 3] as const
const PROTOCOL_HIGH = 0x417
const PROTOCOL_LOW = 0x27101980
const DEFAULT_WANTED = 50
/** What fits a datagram that no network splits. */
const MOST_WANTED = [200, 70] as const
const MOST_SCRAPED = 74
const ANSWER_BYTES = 1420

const PEER_ID = 36
/** The last 32 bits of `peer_id`. */
const PEER_ID_END = 52
const KEY = 88

/** aria2 sends another key in every datagram, so that it could never end what it began: its random `peer_id` stands in. */
function isAria2(message: Uint8Array): boolean {
  return message[PEER_ID] === 0x41 && message[PEER_ID + 1] === 0x32 && message[PEER_ID + 2] === 0x2d
}

const latin1 = new TextEncoder()
const UNKNOWN = latin1.encode('torrent is not in this index')
const UNREADY = latin1.encode('tracker has no allow-list yet, retry in a few minutes')
/** A scrape of one hash is 36 bytes, and an answer is no longer than its question. */
const UNREADY_SHORT = latin1.encode('no allow-list yet, try later')
const BAD_ID = latin1.encode('connection id has expired')

function fail(bytes: Uint8Array, reason: Uint8Array): number {
  writeInt32(bytes, 0, ERROR)
  bytes.set(reason, 8)
  return 8 + reason.length
}
