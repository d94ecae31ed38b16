import { householdsASite } from '../swarms/neighbors.ts'

/** A connection, from the hub's point of view. */
export interface SignalSocket {
  /** The client's address, which distinguishes a returning browser from a stranger; it is kept in memory only. */
  readonly client: string
  send(text: string): void
}

/** A browser that takes part in a swarm. */
export interface SignalPeer {
  readonly socket: SignalSocket
  readonly torrent: number
  readonly peerId: string
  readonly household: string
  readonly site: string
  seeder: boolean
  position: number
}

/** The WebSocket peers of one torrent. */
export class SignalSwarm {
  readonly peers: SignalPeer[] = []
  readonly byId = new Map<string, SignalPeer>()
  /** The peers of each household and of each site, in the order in which they last announced. */
  readonly #near = new Map<string, Set<SignalPeer>>()

  add(peer: SignalPeer): void {
    peer.position = this.peers.length
    this.peers.push(peer)
    this.byId.set(peer.peerId, peer)
    for (const key of keysOf(peer)) {
      const near = this.#near.get(key)
      if (near === undefined) this.#near.set(key, new Set([peer]))
      else near.add(peer)
    }
  }

  remove(peer: SignalPeer): void {
    const last = this.peers.pop()!
    if (last !== peer) {
      this.peers[peer.position] = last
      last.position = peer.position
    }
    this.byId.delete(peer.peerId)
    for (const key of keysOf(peer)) {
      const near = this.#near.get(key)!
      near.delete(peer)
      if (near.size === 0) this.#near.delete(key)
    }
  }

  /** Notes that `peer` has announced. */
  heard(peer: SignalPeer): void {
    for (const key of keysOf(peer)) {
      const near = this.#near.get(key)!
      near.delete(peer)
      near.add(peer)
    }
  }

  /** The peer that has to leave before another of its household is added: the one whose last announce is the oldest. */
  inTheWayOf({ household, site }: { household: string; site: string }, most: number): SignalPeer | undefined {
    for (const [key, limit] of [
      [household, most],
      [`${site} `, most * householdsASite],
    ] as const) {
      const near = this.#near.get(key)
      if (near !== undefined && near.size >= limit) return near.values().next().value
    }
    return undefined
  }
}

function keysOf({ household, site }: SignalPeer): string[] {
  return [household, `${site} `]
}
