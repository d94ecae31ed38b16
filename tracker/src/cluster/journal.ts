import type { Announce, Family, MutableAnnounce } from '../swarms/announce.ts'

/**
 * What a node tells the others: announces as records one after the other, kept apart by shard.
 *
 *   infohash 20 | flags 1 | key 2 | port 2 | address 4 or 16
 *
 * The flags are the event (3 bits), seeder (8) and IPv6 (16). When an announce was made is not in it: the batch
 * it travels in says that.
 */
export class Journal {
  readonly #shards: Shard[]

  constructor(shards: number) {
    this.#shards = Array.from({ length: shards }, () => ({ bytes: Buffer.alloc(FIRST_BYTES), length: 0 }))
  }

  /** Notes an announce to the torrent that the 20 bytes at `offset` name. */
  note(infoHash: Uint8Array, offset: number, announce: Announce): void {
    const shard = this.#shards[infoHash[offset]! % this.#shards.length]!
    makeRoom(shard, MOST_RECORD_BYTES)
    shard.length = writeRecord(shard.bytes, shard.length, { infoHash, offset, announce })
  }

  /** Adds records that another thread noted for `shard`. */
  append(shard: number, records: Uint8Array): void {
    const noted = this.#shards[shard]!
    makeRoom(noted, records.length)
    noted.bytes.set(records, noted.length)
    noted.length += records.length
  }

  /** Takes out what was noted for `shard`; undefined when there is nothing. */
  take(shard: number): Buffer | undefined {
    const noted = this.#shards[shard]!
    if (noted.length === 0) return undefined
    const taken = Buffer.from(noted.bytes.subarray(0, noted.length))
    noted.length = 0
    if (noted.bytes.length > KEPT_BYTES) noted.bytes = Buffer.alloc(FIRST_BYTES)
    return taken
  }
}

/** Writes a record at `at`, for which there must be 41 bytes of room; where it ends. */
export function writeRecord(
  bytes: Uint8Array,
  at: number,
  { infoHash, offset, announce }: { infoHash: Uint8Array; offset: number; announce: Announce },
): number {
  let to = at
  for (let byte = 0; byte < 20; byte++) bytes[to++] = infoHash[offset + byte]!
  bytes[to++] = announce.event | (announce.seeder ? SEEDER : 0) | (announce.family === 1 ? IPV6 : 0)
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
  // Redis is away for long: what is new matters more than what was.
  if (shard.length + bytes > MOST_SHARD_BYTES) shard.length = 0
  const size = Math.min(MOST_SHARD_BYTES, Math.max(shard.bytes.length * 2, shard.length + bytes))
  shard.bytes = Buffer.concat([shard.bytes.subarray(0, shard.length)], size)
}

type Shard = { bytes: Buffer; length: number }

const SEEDER = 8
const IPV6 = 16
const MOST_RECORD_BYTES = 41
const FIRST_BYTES = 4096
const KEPT_BYTES = 1 << 20
const MOST_SHARD_BYTES = 1 << 24

/**
 * Reads records into `announce`, one at a time, calling `visit` with where each infohash begins.
 * @throws RangeError when a record is cut short
 */
export function readRecords(
  bytes: Uint8Array,
  announce: MutableAnnounce,
  visit: (offset: number) => void,
): void {
  for (let at = 0; at < bytes.length; ) {
    const flags = bytes[at + 20]!
    const family: Family = (flags & IPV6) === 0 ? 0 : 1
    const end = at + (family === 0 ? 29 : 41)
    if (end > bytes.length) throw new RangeError('a record of the journal is cut short')
    announce.family = family
    announce.event = flags & 7
    announce.seeder = (flags & SEEDER) !== 0
    announce.key = bytes[at + 21]! | (bytes[at + 22]! << 8)
    announce.port = bytes[at + 23]! | (bytes[at + 24]! << 8)
    for (let word = 0, from = at + 25; from < end; word++, from += 4) {
      announce.address[word] =
        bytes[from]! | (bytes[from + 1]! << 8) | (bytes[from + 2]! << 16) | (bytes[from + 3]! << 24)
    }
    visit(at)
    at = end
  }
}
