import type { AnnounceInterval } from '../announce-interval.ts'
import type { Counts } from '../counts.ts'
import { type AnnounceReply, type Family, newAnnounce, type SwarmCounts } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { type HttpQuery, mostScraped, newHttpQuery, readQuery } from './http-query.ts'
import type { NoteAnnounce } from './udp.ts'

/**
 * Answers HTTP announces and scrapes (BEP 3, 7, 21, 23, 24, 31, 48) in canonical bencode. It is independent of sockets
 * and headers: it takes a request target and produces a body.
 */
export class HttpResponder {
  /** The body of the last answer; it is valid until the next. */
  readonly body: Buffer = Buffer.alloc(bodyBytes)
  readonly #parts: HttpResponderParts
  readonly #random: () => number
  readonly #query: HttpQuery = newHttpQuery()
  readonly #announce = newAnnounce()
  readonly #reply: AnnounceReply
  readonly #counted: SwarmCounts = { seeders: 0, leechers: 0, completed: 0 }
  readonly #peers4: Uint8Array
  readonly #peers6: Uint8Array
  #length = 0

  constructor(parts: HttpResponderParts) {
    this.#parts = parts
    this.#random = parts.random ?? Math.random
    const compact = [new Uint16Array(mostWanted * 3), new Uint16Array(mostWanted * 9)] as const
    this.#peers4 = new Uint8Array(compact[0].buffer)
    this.#peers6 = new Uint8Array(compact[1].buffer)
    this.#reply = { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact, offset4: 0 }
    this.#announce.bothFamilies = true
  }

  /** Answers `GET /announce`; the query begins at `at` in `target`. Returns the length of the body. */
  announce(target: string, at: number, family: Family, address: Int32Array): number {
    const { counts, swarms, interval } = this.#parts
    const query = this.#query
    readQuery(target, at, query)
    const problem = announceProblem(query)
    if (problem !== '') {
      counts.httpMalformed++
      return this.#fail(problem, 'never')
    }
    if (!this.#parts.listReady()) {
      counts.httpUnready++
      return this.#fail('the tracker has no allow-list yet', unreadyRetryMinutes)
    }
    const announce = this.#announce
    announce.family = family
    announce.address.set(address)
    announce.port = (query.port >>> 8) | ((query.port & 0xff) << 8)
    announce.key = query.key
    announce.tick = interval.tick
    announce.event = query.event
    announce.seeder = query.complete === 1
    announce.wanted = query.wanted < 0 ? defaultWanted : Math.min(query.wanted, mostWanted)
    announce.random = this.#random()
    if (!swarms.announce(query.infoHashes, 0, announce, this.#reply)) {
      counts.httpUnknown++
      return this.#fail('this torrent is not in the index that this tracker serves', unknownRetryMinutes)
    }
    counts.httpAnnounces++
    this.#parts.note?.(query.infoHashes, 0, announce)
    return this.#writeAnnounce(family, address)
  }

  /** Answers `GET /scrape`; the query begins at `at` in `target`. Returns the length of the body. */
  scrape(target: string, at: number): number {
    const { counts, swarms } = this.#parts
    const query = this.#query
    readQuery(target, at, query)
    if (query.problem === '' && query.infoHashCount === 0) {
      query.problem = `a scrape must name up to ${mostScraped} torrents by info_hash`
    }
    if (query.problem !== '') {
      counts.httpMalformed++
      return this.#fail(query.problem, 'never')
    }
    if (!this.#parts.listReady()) {
      counts.httpUnready++
      return this.#fail('the tracker has no allow-list yet', unreadyRetryMinutes)
    }
    counts.httpScrapes++
    this.#length = 0
    this.#text('d5:filesd')
    for (const hash of sortedHashes(query)) {
      if (!swarms.scrape(hash, 0, this.#counted)) continue
      const { seeders, leechers, completed } = this.#counted
      this.#text('20:')
      this.#bytes(hash, 20)
      this.#text(`d8:completei${seeders}e10:downloadedi${completed}e10:incompletei${leechers}ee`)
    }
    this.#text('ee')
    return this.#length
  }

  #writeAnnounce(family: Family, address: Int32Array): number {
    const reply = this.#reply
    const { interval, trackerId } = this.#parts
    this.#length = 0
    this.#text(`d8:completei${reply.seeders}e10:downloadedi${reply.completed}e11:external ip`)
    this.#text(family === 0 ? '4:' : '16:')
    this.#bytes(new Uint8Array(address.buffer, address.byteOffset, 16), family === 0 ? 4 : 16)
    this.#text(`10:incompletei${reply.leechers}e8:intervali${interval.nextSeconds(this.#random())}e`)
    this.#text(`12:min intervali${interval.minIntervalSeconds}e`)
    if (this.#query.compact || !this.#query.withoutPeerIds) this.#compactPeers(family)
    else this.#listedPeers()
    this.#text(`10:tracker id${trackerId.length}:${trackerId}e`)
    return this.#length
  }

  #compactPeers(family: Family): void {
    const [count4, count6] = this.#reply.peers
    this.#text(`5:peers${count4 * 6}:`)
    this.#bytes(this.#peers4, count4 * 6)
    if (count6 === 0 && family === 0) return
    this.#text(`6:peers6${count6 * 18}:`)
    this.#bytes(this.#peers6, count6 * 18)
  }

  /**
   * Writes the form of `compact=0` without `peer id`, for clients that send `no_peer_id=1`. Peer ids are not stored,
   * and a list without ids that was not requested breaks BEP 3; a client that sends only `compact=0` gets the compact
   * form (BEP 23).
   */
  #listedPeers(): void {
    const [count4, count6] = this.#reply.peers
    this.#text('5:peersl')
    for (let at = 0; at < count4 * 6; at += 6) {
      const ip = this.#peers4.subarray(at, at + 4).join('.')
      this.#listedPeer(ip, (this.#peers4[at + 4]! << 8) | this.#peers4[at + 5]!)
    }
    for (let at = 0; at < count6 * 18; at += 18) {
      const groups = Array.from({ length: 8 }, (_, group) =>
        ((this.#peers6[at + group * 2]! << 8) | this.#peers6[at + group * 2 + 1]!).toString(16),
      )
      this.#listedPeer(groups.join(':'), (this.#peers6[at + 16]! << 8) | this.#peers6[at + 17]!)
    }
    this.#text('e')
  }

  #listedPeer(ip: string, port: number): void {
    this.#text(`d2:ip${ip.length}:${ip}4:porti${port}ee`)
  }

  /** Writes a failure with its reason and the time to retry (BEP 31). */
  #fail(reason: string, retry: number | 'never'): number {
    this.#length = 0
    const when = retry === 'never' ? '5:never' : `i${retry}e`
    this.#text(`d14:failure reason${reason.length}:${reason}8:retry in${when}e`)
    return this.#length
  }

  #text(text: string): void {
    this.#length += this.body.write(text, this.#length, 'latin1')
  }

  #bytes(bytes: Uint8Array, count: number): void {
    this.body.set(bytes.subarray(0, count), this.#length)
    this.#length += count
  }
}

export interface HttpResponderParts {
  swarms: Swarms
  interval: AnnounceInterval
  counts: Counts
  listReady: () => boolean
  /** The `tracker id` of this node (BEP 3). */
  trackerId: string
  /** Called for every announce that was served. */
  note?: NoteAnnounce | undefined
  /** Returns a random number in [0, 1). */
  random?: () => number
}

const defaultWanted = 50
const mostWanted = 200
const unreadyRetryMinutes = 2
/** A torrent may be allowed at any moment, so the client is not told "never". */
const unknownRetryMinutes = 15
/** The longest answer lists 200 IPv6 peers of 62 bytes. */
const bodyBytes = 16 * 1024

function announceProblem(query: HttpQuery): string {
  if (query.problem !== '') return query.problem
  if (query.infoHashCount !== 1) return 'an announce must name exactly one torrent by info_hash'
  if (query.peerIdBytes !== 20) return 'peer_id must be 20 bytes, percent-encoded'
  if (query.port < 1 || query.port > 65535) return 'port must be a number from 1 to 65535'
  return ''
}

/** Bencode requires the keys in the order of their bytes, each once. */
function sortedHashes(query: HttpQuery): Uint8Array[] {
  const hashes = Array.from({ length: query.infoHashCount }, (_, index) =>
    query.infoHashes.subarray(index * 20, index * 20 + 20),
  ).sort(Buffer.compare)
  return hashes.filter((hash, index) => index === 0 || Buffer.compare(hash, hashes[index - 1]!) !== 0)
}
