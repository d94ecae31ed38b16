import type { Counts } from '../counts.ts'
import type { SwarmCounts } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { neighborhoodOf } from './households.ts'
import { type SignalPeer, type SignalSocket, SignalSwarm } from './signal-swarm.ts'
import { readSignal, type Signal, SignalError } from './signals.ts'

/**
 * WebTorrent signaling: passes the offers of one browser to others of the same swarm, and their answers back. Peers
 * exist as long as their sockets; the hub only sends text to them.
 */
export class SignalHub implements SignalReceiver {
  readonly #parts: SignalHubParts
  readonly #swarms = new Map<number, SignalSwarm>()
  readonly #sockets = new Map<SignalSocket, Map<number, SignalPeer>>()
  /** The number of peers of each household in all swarms. */
  readonly #peersOf = new Map<string, number>()
  #peers = 0
  readonly #counted: SwarmCounts = { seeders: 0, leechers: 0, completed: 0 }

  constructor(parts: SignalHubParts) {
    this.#parts = parts
  }

  /** Handles one message from `socket`. */
  receive(socket: SignalSocket, text: string): void {
    const { counts } = this.#parts
    try {
      const signal = readSignal(text)
      if (!this.#parts.listReady()) {
        counts.socketUnready++
        socket.send(JSON.stringify({ action: signal.action, 'failure reason': unready }))
      } else if (signal.action === 'announce') this.#announce(socket, signal)
      else if (signal.action === 'answer') this.#answer(socket, signal)
      else this.#scrape(socket, signal.infoHashes)
    } catch (error) {
      if (!(error instanceof SignalError)) throw error
      counts.socketMalformed++
      socket.send(JSON.stringify({ 'failure reason': error.message }))
    }
  }

  /** Removes a socket that has closed. */
  close(socket: SignalSocket): void {
    for (const peer of this.#sockets.get(socket)?.values() ?? []) this.#leave(peer)
    this.#sockets.delete(socket)
  }

  /** Removes the swarm of a torrent that is no longer allowed; its counts have been removed already. */
  forget(torrent: number): void {
    for (const peer of this.#swarms.get(torrent)?.peers ?? []) {
      this.#sockets.get(peer.socket)?.delete(torrent)
      this.#count(peer.household, -1)
    }
    this.#swarms.delete(torrent)
  }

  #announce(socket: SignalSocket, signal: Signal & { action: 'announce' }): void {
    const { swarms, counts } = this.#parts
    const torrent = this.#torrentOf(signal.infoHash)
    if (torrent === 0) {
      counts.socketUnknown++
      socket.send(
        JSON.stringify({ action: 'announce', info_hash: signal.infoHash, 'failure reason': unknown }),
      )
      return
    }
    counts.socketAnnounces++
    if (signal.event === 'stopped') {
      const peer = this.#sockets.get(socket)?.get(torrent)
      if (peer !== undefined) this.#leave(peer)
    } else {
      const peer = this.#join(socket, torrent, signal)
      this.#spread(peer, signal)
    }
    swarms.count(torrent, this.#counted)
    const { seeders, leechers, completed } = this.#counted
    socket.send(
      JSON.stringify({
        action: 'announce',
        interval: intervalSeconds,
        info_hash: signal.infoHash,
        complete: seeders,
        incomplete: leechers,
        downloaded: completed,
      }),
    )
  }

  #join(socket: SignalSocket, torrent: number, signal: Signal & { action: 'announce' }): SignalPeer {
    const { swarms } = this.#parts
    let own = this.#sockets.get(socket)
    if (own === undefined) {
      own = new Map()
      this.#sockets.set(socket, own)
    }
    const known = own.get(torrent)
    if (known !== undefined && known.peerId === signal.peerId) {
      this.#swarms.get(torrent)!.heard(known)
      if (known.seeder !== signal.seeder) {
        known.seeder = signal.seeder
        const completed = signal.seeder && signal.event === 'completed' ? 1 : 0
        swarms.countSockets(torrent, signal.seeder ? 1 : -1, signal.seeder ? -1 : 1, completed)
      }
      return known
    }
    if (known !== undefined) this.#leave(known)
    else if (own.size >= mostSwarmsASocket) {
      throw new SignalError(`at most ${mostSwarmsASocket} torrents a connection`)
    }
    let swarm = this.#swarms.get(torrent)
    const holder = swarm?.byId.get(signal.peerId)
    // A browser that lost its connection may return under its id; a browser at another address may not take that id.
    if (holder !== undefined && holder.socket.client !== socket.client) {
      throw new SignalError('peer_id is in use by another client')
    }
    if (holder !== undefined) this.#leave(holder)
    const near = neighborhoodOf(socket.client)
    const inTheWay = swarm?.inTheWayOf(near, this.#parts.peersPerAddress)
    if (inTheWay !== undefined) this.#leave(inTheWay)
    this.#count(near.household, 1)
    swarm = this.#swarms.get(torrent) ?? new SignalSwarm()
    this.#swarms.set(torrent, swarm)
    const { peerId, seeder } = signal
    const peer = { socket, torrent, peerId, seeder, ...near, position: 0 }
    swarm.add(peer)
    own.set(torrent, peer)
    swarms.countSockets(torrent, peer.seeder ? 1 : 0, peer.seeder ? 0 : 1)
    return peer
  }

  /** Changes the count of a household's peers; throws a SignalError if there would be too many. */
  #count(household: string, change: 1 | -1): void {
    const peers = this.#peersOf.get(household) ?? 0
    if (change > 0 && (peers >= mostSwarmsAHousehold || this.#peers >= mostPeers)) {
      throw new SignalError('this address has reached its limit of torrents')
    }
    this.#peers += change
    if (peers + change === 0) this.#peersOf.delete(household)
    else this.#peersOf.set(household, peers + change)
  }

  #leave(peer: SignalPeer): void {
    const swarm = this.#swarms.get(peer.torrent)
    this.#sockets.get(peer.socket)?.delete(peer.torrent)
    if (swarm === undefined) return
    swarm.remove(peer)
    this.#count(peer.household, -1)
    if (swarm.peers.length === 0) this.#swarms.delete(peer.torrent)
    this.#parts.swarms.countSockets(peer.torrent, peer.seeder ? -1 : 0, peer.seeder ? 0 : -1)
  }

  /** Sends each offer to one other peer, starting at a random place in the swarm; seeders are not sent offers of seeders. */
  #spread(from: SignalPeer, signal: Signal & { action: 'announce' }): void {
    const swarm = this.#swarms.get(from.torrent)!.peers
    const start = Math.floor(Math.random() * swarm.length)
    let next = 0
    for (let step = 0; step < swarm.length && step < mostLookedAt && next < signal.offers.length; step++) {
      const to = swarm[(start + step) % swarm.length]!
      if (to === from || (to.seeder && from.seeder)) continue
      const { offer, offerId } = signal.offers[next++]!
      this.#parts.counts.socketOffers++
      to.socket.send(
        JSON.stringify({
          action: 'announce',
          offer,
          offer_id: offerId,
          peer_id: from.peerId,
          info_hash: signal.infoHash,
        }),
      )
    }
  }

  #answer(socket: SignalSocket, signal: Signal & { action: 'answer' }): void {
    const torrent = this.#torrentOf(signal.infoHash)
    const from = this.#sockets.get(socket)?.get(torrent)
    if (from === undefined || from.peerId !== signal.peerId) {
      throw new SignalError('announce before answering: this connection is not in that swarm')
    }
    const to = this.#swarms.get(torrent)?.byId.get(signal.toPeerId)
    if (to === undefined) return
    this.#parts.counts.socketAnswers++
    to.socket.send(
      JSON.stringify({
        action: 'announce',
        answer: signal.answer,
        offer_id: signal.offerId,
        peer_id: signal.peerId,
        info_hash: signal.infoHash,
      }),
    )
  }

  #scrape(socket: SignalSocket, infoHashes: readonly string[]): void {
    const { swarms, counts } = this.#parts
    counts.socketScrapes++
    const files: Record<string, { complete: number; incomplete: number; downloaded: number }> = {}
    for (const infoHash of infoHashes) {
      const torrent = this.#torrentOf(infoHash)
      if (torrent === 0) continue
      swarms.count(torrent, this.#counted)
      const { seeders, leechers, completed } = this.#counted
      files[infoHash] = { complete: seeders, incomplete: leechers, downloaded: completed }
    }
    socket.send(JSON.stringify({ action: 'scrape', files, flags: { min_request_interval: intervalSeconds } }))
  }

  #torrentOf(infoHash: string): number {
    return this.#parts.swarms.allowed.torrentOf(Buffer.from(infoHash, 'latin1'), 0)
  }
}

/** Handles the messages of connections. */
export interface SignalReceiver {
  receive(socket: SignalSocket, text: string): void
  close(socket: SignalSocket): void
}

export interface SignalHubParts {
  swarms: Swarms
  counts: Counts
  listReady: () => boolean
  /** The number of peers in one swarm that may share an IPv4 address or a /64. */
  peersPerAddress: number
}

const intervalSeconds = 120
const mostSwarmsASocket = 500
const mostSwarmsAHousehold = 5000
const mostPeers = 1_000_000
const mostLookedAt = 200
const unready = 'the tracker has no allow-list yet'
const unknown = 'this torrent is not in the index that this tracker serves'
