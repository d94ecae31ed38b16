import { randomBytes } from 'node:crypto'
import type { Announce, Family, MutableAnnounce } from '../swarms/announce.ts'
import { hashSite } from '../swarms/neighbors.ts'

/**
 * The announces that a node sends to the others, as records one after the other, grouped by shard.
 *
 *   infohash 20 | flags 1 | key 2 | port 2 | address 4 or 16
 *
 * The flags are the event (3 bits), seeder (8) and IPv6 (16). A record does not contain the time of its announce, which the
 * batch states. The number of announces recorded in ten seconds per IPv4 address or /48 is limited, because
 * Redis stores each one, and every node reads it, for as long as a peer is remembered.
 */
export class Journal {
  readonly #shards: Shard[]
  readonly #mostPerSite: number
  /**
   * Counts by the hash of an address. The hash is reseeded each time they are cleared, so that two addresses share a
   * counter only briefly.
   */
  readonly #noted = new Uint32Array(sites)
  #seed = randomBytes(4).readInt32LE()
  #takes = 0

  constructor(shards: number, { peersPerAddress }: { peersPerAddress: number }) {
    this.#mostPerSite = peersPerAddress * notedPerPeer
    this.#shards = Array.from({ length: shards }, () => ({ bytes: Buffer.alloc(firstBytes), length: 0 }))
  }

  /** Records an announce for the torrent that the 20 bytes at `offset` identify. */
  note(infoHash: Uint8Array, offset: number, announce: Announce): void {
    const site = hashSite(this.#seed, announce.address, 0, announce.family === 0 ? 1 : 4) & (sites - 1)
    if (this.#noted[site]!++ >= this.#mostPerSite) return
    const shard = this.#shards[infoHash[offset]! % this.#shards.length]!
    makeRoom(shard, mostRecordBytes)
    shard.length = writeRecord(shard.bytes, shard.length, { infoHash, offset, announce })
  }

  /** Adds records that another thread wrote for `shard`. */
  append(shard: number, records: Uint8Array): void {
    const noted = this.#shards[shard]!
    makeRoom(noted, records.length)
    noted.bytes.set(records, noted.length)
    noted.length += records.length
  }

  /** Removes and returns the records of `shard`; undefined if there are none. */
  take(shard: number): Buffer | undefined {
    if (shard === 0 && ++this.#takes % takesAWindow === 0) {
      this.#noted.fill(0)
      this.#seed = randomBytes(4).readInt32LE()
    }
    const noted = this.#shards[shard]!
    if (noted.length === 0) return undefined
    const taken = Buffer.from(noted.bytes.subarray(0, noted.length))
    noted.length = 0
    if (noted.bytes.length > keptBytes) noted.bytes = Buffer.alloc(firstBytes)
    return taken
  }
}

/** Writes a record at `at`, which needs 41 bytes of room; returns where it ends. */
export function writeRecord(
  bytes: Uint8Array,
  at: number,
  { infoHash, offset, announce }: { infoHash: Uint8Array; offset: number; announce: Announce },
): number {
  let to = at
  for (let byte = 0; byte < 20; byte++) bytes[to++] = infoHash[offset + byte]!
  bytes[to++] = announce.event | (announce.seeder ? seeder : 0) | (announce.family === 1 ? ipv6 : 0)
  bytes[to++] = announce.key
  bytes[to++] = announce.key >>> 8
  bytes[to++] = announce.port
  bytes[to++] = announce.port >>> 8
  for (let word = 0; word < (announce.family === 0 ? 1 : 4); word++) {
    const value = announce.address[word]!
    for (let byte = 0; byte < 4; byte++) bytes[to++] = value >>> (byte * 8)
  }
  return to
}

function makeRoom(shard: Shard, bytes: number): void {
  if (shard.length + bytes <= shard.bytes.length) return
  // Redis has been away for long: new announces matter more than old ones.
  if (shard.length + bytes > mostShardBytes) shard.length = 0
  const size = Math.min(mostShardBytes, Math.max(shard.bytes.length * 2, shard.length + bytes))
  shard.bytes = Buffer.concat([shard.bytes.subarray(0, shard.length)], size)
}

interface Shard {
  bytes: Buffer
  length: number
}

const sites = 1 << 16
/**
 * How many announces of one address are recorded in a window, for each peer that it may have in one swarm: enough for
 * 250 swarms.
 */
const notedPerPeer = 250
/** Each shard is taken four times a second, so this many times in ten seconds. */
const takesAWindow = 40
const seeder = 8
const ipv6 = 16
const mostRecordBytes = 41
const firstBytes = 4096
const keptBytes = 1 << 20
const mostShardBytes = 1 << 24

/**
 * Reads records into `announce`, one at a time, and calls `visit` with the offset of each infohash.
 * @returns false if the last record is incomplete; the records before it have been visited
 */
export function readRecords(
  bytes: Uint8Array,
  announce: MutableAnnounce,
  visit: (offset: number) => void,
): boolean {
  for (let at = 0; at < bytes.length; ) {
    if (at + 21 > bytes.length) return false
    const flags = bytes[at + 20]!
    const family: Family = (flags & ipv6) === 0 ? 0 : 1
    const end = at + (family === 0 ? 29 : 41)
    if (end > bytes.length) return false
    announce.family = family
    announce.event = flags & 7
    announce.seeder = (flags & seeder) !== 0
    announce.key = bytes[at + 21]! | (bytes[at + 22]! << 8)
    announce.port = bytes[at + 23]! | (bytes[at + 24]! << 8)
    for (let word = 0, from = at + 25; from < end; word++, from += 4) {
      announce.address[word] =
        bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
    }
    visit(at)
    at = end
  }
  return true
}
