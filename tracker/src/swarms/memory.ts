/**
 * The one piece of memory every swarm lives in: an Int32Array over a reservation that the kernel backs with
 * pages as they are first written, so that a large capacity costs nothing until peers arrive. Everything the
 * core remembers is in here and nothing else, which is what lets threads share it and a restart hand it over.
 *
 *   header | torrents | name heads | names | spans | slab
 */
export type SwarmMemory = {
  readonly words: Int32Array
  readonly buffer: SharedArrayBuffer
  readonly capacity: Readonly<SwarmCapacity>
  readonly torrents: number
  readonly nameHeads: number
  readonly names: number
  readonly spans: number
  readonly spanCount: number
  readonly slab: number
}

export type SwarmCapacity = {
  /** Torrents that may be allowed at once. */
  readonly maxTorrents: number
  /** Bytes reserved for peers; 16 bytes hold an IPv4 peer of a large swarm, 28 an IPv6 one. */
  readonly peerBytes: number
}

/** Words of the header, by name. */
export const header = {
  magic: 0,
  maxTorrents: 1,
  peerBytes: 2,
  seed: 3,
  nameCount: 4,
  nameCarved: 5,
  nameFree: 6,
  nameBuckets: 7,
  torrentCount: 8,
  torrentCarved: 9,
  torrentFree: 10,
  spanCarved: 11,
  spanFree: 12,
  sweepTorrent: 13,
  sweepFamily: 14,
  sweepPosition: 15,
  peers4: 16,
  peers6: 17,
  activeSwarms: 18,
  refusedFull: 19,
  liveSpans: 20,
  seeders: 21,
  lock: 22,
  sockets: 23,
  listReady: 24,
  classHeads: 32,
} as const

export const TORRENT_WORDS = 16
export const NAME_WORDS = 10
export const SPAN_WORDS = 4096
export const SPAN_META_WORDS = 6
const HEADER_WORDS = 256
const MAGIC = 0x48464131

/**
 * Reserves memory for `capacity`, or attaches to memory that another thread reserved.
 * @throws RangeError when the capacity is more than one reservation can hold or the bytes are not a swarm memory
 */
export function openSwarmMemory(source: SwarmCapacity | SharedArrayBuffer): SwarmMemory {
  if (source instanceof SharedArrayBuffer) return attach(source)
  const { maxTorrents, peerBytes } = source
  if (!(maxTorrents >= 1 && maxTorrents <= 16_000_000)) {
    throw new RangeError(`maxTorrents must lie between 1 and 16,000,000, not ${maxTorrents}`)
  }
  if (!(peerBytes >= SPAN_WORDS * 4 && peerBytes <= 2 ** 32)) {
    throw new RangeError(`peerBytes must lie between ${SPAN_WORDS * 4} and 4 GiB, not ${peerBytes}`)
  }
  const layout = place(source)
  const buffer = new SharedArrayBuffer(layout.totalWords * 4)
  const words = new Int32Array(buffer)
  words[header.magic] = MAGIC
  words[header.maxTorrents] = maxTorrents
  words[header.peerBytes] = Math.floor(peerBytes / 1024)
  // Word 0 of a region stands for "none", so carving starts at 1.
  words[header.nameCarved] = 1
  words[header.torrentCarved] = 1
  words[header.spanCarved] = 1
  words[header.seed] = (Math.random() * 0x1_0000_0000) | 0
  return { ...layout, words, buffer }
}

function attach(buffer: SharedArrayBuffer): SwarmMemory {
  const words = new Int32Array(buffer)
  if (words[header.magic] !== MAGIC) {
    throw new RangeError('these bytes are not a swarm memory of this version')
  }
  const layout = place({
    maxTorrents: words[header.maxTorrents]!,
    peerBytes: words[header.peerBytes]! * 1024,
  })
  return { ...layout, words, buffer }
}

function place(capacity: SwarmCapacity) {
  const maxTorrents = capacity.maxTorrents + 1
  // A hybrid torrent has two names.
  const maxNames = maxTorrents * 2
  const spanCount = Math.floor(capacity.peerBytes / 1024 / (SPAN_WORDS / 256)) + 1
  const torrents = HEADER_WORDS
  const nameHeads = torrents + maxTorrents * TORRENT_WORDS
  const names = nameHeads + maxNames
  const spans = names + maxNames * NAME_WORDS
  const slab = Math.ceil((spans + spanCount * SPAN_META_WORDS) / SPAN_WORDS) * SPAN_WORDS
  return {
    capacity,
    torrents,
    nameHeads,
    names,
    spans,
    spanCount,
    slab,
    totalWords: slab + spanCount * SPAN_WORDS,
  }
}
