/**
 * The one piece of memory every swarm lives in: an Int32Array over a reservation that the kernel backs with
 * pages as they are first written, so that a large capacity costs nothing until peers arrive. Everything the
 * core remembers is in here and nothing else, which is what lets threads share it and a restart hand it over.
 *
 *   header | peers per address | torrents | name heads | names | spans | slab
 */
export interface SwarmMemory {
  readonly words: Int32Array
  readonly buffer: SharedArrayBuffer
  readonly capacity: Readonly<Required<SwarmCapacity>>
  readonly siteCounts: number
  readonly torrents: number
  readonly nameHeads: number
  readonly names: number
  readonly spans: number
  readonly spanCount: number
  readonly slab: number
}

export interface SwarmCapacity {
  /** The number of torrents that may be allowed at once. */
  readonly maxTorrents: number
  /** Bytes reserved for peers; an IPv4 peer of a large swarm takes 16 bytes, an IPv6 peer 28. */
  readonly peerBytes: number
  /** The number of peers in one swarm that may share an IPv4 address or a /64 of IPv6. */
  readonly peersPerAddress?: number
}

/** The words of the header, by name. */
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
  peersPerAddress: 25,
  crowded: 26,
  listLeftOut: 27,
  classHeads: 32,
} as const

/**
 * A household or a small office may fetch the same thing with several clients; eight peers at one address are not an
 * attack.
 */
export const defaultPeersPerAddress = 8

export const torrentWords = 16
export const nameWords = 10
export const spanWords = 4096
export const spanMetaWords = 6
const headerWords = 256
/** The number of counters for the peers that addresses have in all swarms; several addresses share a counter. */
export const siteCounters = 2 ** 18
const magicNumber = 0x48464131

/**
 * Reserves memory for a capacity, or attaches to memory that another thread reserved.
 * @throws RangeError if the capacity is larger than one reservation, or the bytes are not a swarm memory
 */
export function openSwarmMemory(source: SwarmCapacity | SharedArrayBuffer): SwarmMemory {
  if (source instanceof SharedArrayBuffer) return attach(source)
  const { maxTorrents, peerBytes, peersPerAddress = defaultPeersPerAddress } = source
  if (!(maxTorrents >= 1 && maxTorrents <= 16_000_000)) {
    throw new RangeError(`maxTorrents must lie between 1 and 16,000,000, not ${maxTorrents}`)
  }
  if (!(peerBytes >= spanWords * 4 && peerBytes <= 2 ** 32)) {
    throw new RangeError(`peerBytes must lie between ${spanWords * 4} and 4 GiB, not ${peerBytes}`)
  }
  const layout = place({ maxTorrents, peerBytes, peersPerAddress })
  const buffer = new SharedArrayBuffer(layout.totalWords * 4)
  const words = new Int32Array(buffer)
  words[header.magic] = magicNumber
  words[header.maxTorrents] = maxTorrents
  words[header.peerBytes] = Math.floor(peerBytes / 1024)
  words[header.peersPerAddress] = peersPerAddress
  // Word 0 of a region means "none", so allocation starts at 1.
  words[header.nameCarved] = 1
  words[header.torrentCarved] = 1
  words[header.spanCarved] = 1
  words[header.seed] = (Math.random() * 0x1_0000_0000) | 0
  return { ...layout, words, buffer }
}

function attach(buffer: SharedArrayBuffer): SwarmMemory {
  const words = new Int32Array(buffer)
  if (words[header.magic] !== magicNumber) {
    throw new RangeError('these bytes are not a swarm memory of this version')
  }
  const layout = place({
    maxTorrents: words[header.maxTorrents]!,
    peerBytes: words[header.peerBytes]! * 1024,
    peersPerAddress: words[header.peersPerAddress]!,
  })
  return { ...layout, words, buffer }
}

function place(capacity: Required<SwarmCapacity>) {
  const maxTorrents = capacity.maxTorrents + 1
  // A hybrid torrent has two names.
  const maxNames = maxTorrents * 2
  const spanCount = Math.floor(capacity.peerBytes / 1024 / (spanWords / 256)) + 1
  const siteCounts = headerWords
  const torrents = siteCounts + siteCounters
  const nameHeads = torrents + maxTorrents * torrentWords
  const names = nameHeads + maxNames
  const spans = names + maxNames * nameWords
  const slab = Math.ceil((spans + spanCount * spanMetaWords) / spanWords) * spanWords
  return {
    capacity,
    siteCounts,
    torrents,
    nameHeads,
    names,
    spans,
    spanCount,
    slab,
    totalWords: slab + spanCount * spanWords,
  }
}
