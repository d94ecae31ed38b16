/** The answers that BEP 3, 7, 15, 23, 24 and 48 prescribe, for a swarm of one client and one seeder that never changes. */
export interface SwarmSeen {
  complete: number
  incomplete: number
  downloaded: number
  peers: Buffer
}

/** Values that vary between answers: they are taken from the answer after their range was checked. */
export interface Varying {
  interval: number
  trackerId: string
}

/** The state of a client in its swarm, derived from its announces. */
export class Swarm {
  readonly #resident: Buffer
  #client: 'absent' | 'leecher' | 'seeder' = 'absent'
  #downloaded = 0

  /** @param resident the compact form of a seeder that stays */
  constructor(resident: Buffer) {
    this.#resident = resident
  }

  announce({ event, left }: { event: string; left: number }): SwarmSeen {
    const before = this.#client
    this.#client = event === 'stopped' ? 'absent' : left === 0 ? 'seeder' : 'leecher'
    if (event === 'completed' && before !== 'seeder') this.#downloaded++
    // Seeders need no other seeders, and a client that leaves needs no peers.
    return { ...this.counts(), peers: this.#client === 'leecher' ? this.#resident : Buffer.alloc(0) }
  }

  counts(): Omit<SwarmSeen, 'peers'> {
    const complete = this.#client === 'seeder' ? 2 : 1
    return { complete, incomplete: this.#client === 'leecher' ? 1 : 0, downloaded: this.#downloaded }
  }
}

export function httpAnnounceAnswer(
  seen: SwarmSeen,
  address: Buffer,
  { interval, trackerId }: Varying,
): Buffer {
  const { complete, incomplete, downloaded, peers } = seen
  const external = [`${address.length}:`, address]
  const counts = `10:incompletei${incomplete}e8:intervali${interval}e12:min intervali900e`
  const lists =
    address.length === 4 ? [`5:peers${peers.length}:`, peers] : [`5:peers0:6:peers6${peers.length}:`, peers]
  return bytes(
    ...[`d8:completei${complete}e10:downloadedi${downloaded}e11:external ip`, ...external],
    ...[counts, ...lists, `10:tracker id${trackerId.length}:${trackerId}e`],
  )
}

export function httpScrapeAnswer(
  infoHash: Buffer,
  { complete, incomplete, downloaded }: Omit<SwarmSeen, 'peers'>,
) {
  const counts = `d8:completei${complete}e10:downloadedi${downloaded}e10:incompletei${incomplete}ee`
  return bytes('d5:filesd20:', infoHash, counts, 'ee')
}

export function udpAnnounceAnswer(transaction: number, interval: number, seen: SwarmSeen): Buffer {
  return bytes(words(1, transaction, interval, seen.incomplete, seen.complete), seen.peers)
}

export function udpScrapeAnswer(transaction: number, counts: Omit<SwarmSeen, 'peers'>): Buffer {
  return words(2, transaction, counts.complete, counts.downloaded, counts.incomplete)
}

function words(...values: number[]): Buffer {
  const written = Buffer.alloc(values.length * 4)
  for (const [index, value] of values.entries()) written.writeUInt32BE(value, index * 4)
  return written
}

const bytes = (...parts: (string | Buffer)[]): Buffer =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part, 'latin1') : part)))
