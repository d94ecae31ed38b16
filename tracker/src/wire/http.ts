import type { Counts } from '../counts.ts'
import type { Pace } from '../pace.ts'
import { type AnnounceReply, type Family, newAnnounce, type SwarmCounts } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { type HttpQuery, MOST_SCRAPED, newHttpQuery, readQuery } from './http-query.ts'
import type { NoteAnnounce } from './udp.ts'

/**
 * Answers HTTP announces and scrapes (BEP 3, 7, 21, 23, 24, 31, 48) with canonical bencode. Knows nothing of
 * sockets or headers: a request target goes in, a body comes out.
 */
export class HttpResponder {
  /** The body of the last answer; good until the next. */
  readonly body: Buffer = Buffer.alloc(BODY_BYTES)
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
    const compact = [new Uint16Array(MOST_WANTED * 3), new Uint16Array(MOST_WANTED * 9)] as const
    this.#peers4 = new Uint8Array(compact[0].buffer)
    this.#peers6 = new Uint8Array(compact[1].buffer)
    this.#reply = { seeders: 0, leechers: 0, completed: 0, peers: [0, 0], compact, offset4: 0 }
    this.#announce.bothFamilies = true
  }

  /** Answers `GET /announce`; the query begins at `at` in `target`. The length of the body. */
  announce(target: string, at: number, family: Family, address: Int32Array): number {
    const { counts, swarms, pace } = this.#parts
    const query = this.#query
    readQuery(target, at, query)
    const problem = announceProblem(query)
    if (problem !== '') {
      counts.httpMalformed++
      return this.#fail(problem, 'never')
    }
    if (!this.#parts.listReady()) {
      counts.httpUnready++
      return this.#fail('the tracker has no allow-list yet', UNREADY_RETRY_MINUTES)
    }
    const announce = this.#announce
    announce.family = family
    announce.address.set(address)
    announce.port = (query.port >>> 8) | ((query.port & 0xff) << 8)
    announce.key = query.key
    announce.tick = pace.tick
    announce.event = query.event
    announce.seeder = query.complete === 1
    announce.wanted = query.wanted < 0 ? DEFAULT_WANTED : Math.min(query.wanted, MOST_WANTED)
    announce.random = this.#random()
    if (!swarms.announce(query.infoHashes, 0, announce, this.#reply)) {
      counts.httpUnknown++
      return this.#fail('this torrent is not in the index that this tracker serves', UNKNOWN_RETRY_MINUTES)
    }
    counts.httpAnnounces++
    this.#parts.note?.(query.infoHashes, 0, announce)
    return this.#writeAnnounce(family, address)
  }

  /** Answers `GET /scrape`; the query begins at `at` in `target`. The length of the body. */
  scrape(target: string, at: number): number {
    const { counts, swarms } = this.#parts
    const query = this.#query
    readQuery(target, at, query)
    if (query.problem === '' && query.infoHashCount === 0) {
      query.problem = `scrapes name up to ${MOST_SCRAPED} torrents by info_hash`
    }
    if (query.problem !== '') {
      counts.httpMalformed++
      return this.#fail(query.problem, 'never')
    }
    if (!this.#parts.listReady()) {
      counts.httpUnready++
      return this.#fail('the tracker has no allow-list yet', UNREADY_RETRY_MINUTES)
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
    const { pace, trackerId } = this.#parts
    this.#length = 0
    this.#text(`d8:completei${reply.seeders}e10:downloadedi${reply.completed}e11:external ip`)
    this.#text(family === 0 ? '4:' : '16:')
    this.#bytes(new Uint8Array(address.buffer, address.byteOffset, 16), family === 0 ? 4 : 16)
    this.#text(`10:incompletei${reply.leechers}e8:intervali${pace.interval(this.#random())}e`)
    this.#text(`12:min intervali${pace.minIntervalSeconds}e`)
    if (this.#query.compact) this.#compactPeers(family)
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

  /** The form of `compact=0` without `peer id`, as `no_peer_id` asks: peer ids are not kept. */
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

  /** BEP 31: the reason, and when to come back. */
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

export type HttpResponderParts = {
  swarms: Swarms
  pace: Pace
  counts: Counts
  listReady: () => boolean
  /** BEP 3 `tracker id`: names this node. */
  trackerId: string
  /** Is told of every announce that was served. */
  note?: NoteAnnounce | undefined
  /** In [0, 1). */
  random?: () => number
}

const DEFAULT_WANTED = 50
const MOST_WANTED = 200
const UNREADY_RETRY_MINUTES = 2
/** A torrent may be let in at any moment, so it is not "never". */
const UNKNOWN_RETRY_MINUTES = 15
/** 200 listed IPv6 peers of 62 bytes are the longest answer. */
const BODY_BYTES = 16 * 1024

function announceProblem(query: HttpQuery): string {
  if (query.problem !== '') return query.problem
  if (query.infoHashCount !== 1) return 'an announce names one torrent by info_hash'
  if (query.peerIdBytes !== 20) return 'peer_id must be 20 bytes, percent-encoded'
  if (query.port < 0 || query.port > 65535) return 'port must be a number from 1 to 65535'
  return ''
}

/** Bencode wants keys in the order of their bytes, each once. */
function sortedHashes(query: HttpQuery): Uint8Array[] {
  const hashes = Array.from({ length: query.infoHashCount }, (_, index) =>
    query.infoHashes.subarray(index * 20, index * 20 + 20),
  ).sort(Buffer.compare)
  return hashes.filter((hash, index) => index === 0 || Buffer.compare(hash, hashes[index - 1]!) !== 0)
}
