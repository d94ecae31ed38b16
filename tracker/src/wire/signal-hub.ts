import type { Counts } from '../counts.ts'
import type { SwarmCounts } from '../swarms/announce.ts'
import type { Swarms } from '../swarms/swarms.ts'
import { readSignal, type Signal, SignalError } from './signals.ts'

/**
 * WebTorrent signalling: hands the offers of one browser to others of the same swarm and their answers back.
 * Its peers are sockets and live as long; it knows them as something to send text to.
 */
export class SignalHub implements SignalReceiver {
  readonly #parts: SignalHubParts
  readonly #swarms = new Map<number, SignalSwarm>()
  readonly #sockets = new Map<SignalSocket, Map<number, SignalPeer>>()
  readonly #counted: SwarmCounts = { seeders: 0, leechers: 0, completed: 0 }

  constructor(parts: SignalHubParts) {
    this.#parts = parts
  }

  /** Serves one message from `socket`. */
  receive(socket: SignalSocket, text: string): void {
    const { counts } = this.#parts
    try {
      const signal = readSignal(text)
      if (!this.#parts.listReady()) {
        counts.socketUnready++
        socket.send(JSON.stringify({ action: signal.action, 'failure reason': UNREADY }))
      } else if (signal.action === 'announce') this.#announce(socket, signal)
      else if (signal.action === 'answer') this.#answer(socket, signal)
      else this.#scrape(socket, signal.infoHashes)
    } catch (error) {
      if (!(error instanceof SignalError)) throw error
      counts.socketMalformed++
      socket.send(JSON.stringify({ 'failure reason': error.message }))
    }
  }

  /** Forgets a socket that has closed. */
  close(socket: SignalSocket): void {
    for (const peer of this.#sockets.get(socket)?.values() ?? []) this.#leave(peer)
    this.#sockets.delete(socket)
  }

  /** Forgets the swarm of a torrent that is no longer allowed; its counts are gone already. */
  forget(torrent: number): void {
    for (const peer of this.#swarms.get(torrent)?.peers ?? []) this.#sockets.get(peer.socket)?.delete(torrent)
    this.#swarms.delete(torrent)
  }

  #announce(socket: SignalSocket, signal: Signal & { action: 'announce' }): void {
    const { swarms, counts } = this.#parts
    const torrent = this.#torrentOf(signal.infoHash)
    if (torrent === 0) {
      counts.socketUnknown++
      socket.send(
        JSON.stringify({ action: 'announce', info_hash: signal.infoHash, 'failure reason': UNKNOWN }),
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
        interval: INTERVAL_SECONDS,
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
      if (known.seeder !== signal.seeder) {
        known.seeder = signal.seeder
        const completed = signal.seeder && signal.event === 'completed' ? 1 : 0
        swarms.countSockets(torrent, signal.seeder ? 1 : -1, signal.seeder ? -1 : 1, completed)
      }
      return known
    }
    if (known !== undefined) this.#leave(known)
    else if (own.size >= MOST_SWARMS_A_SOCKET) {
      throw new SignalError(`at most ${MOST_SWARMS_A_SOCKET} torrents a connection`)
    }
    let swarm = this.#swarms.get(torrent)
    const holder = swarm?.byId.get(signal.peerId)
    // A browser that lost its connection comes back under its id; from another address that id is taken.
    if (holder !== undefined && holder.socket.client !== socket.client) {
      throw new SignalError('peer_id is in use by another client')
    }
    if (holder !== undefined) this.#leave(holder)
    swarm = this.#swarms.get(torrent)
    if (swarm === undefined) {
      swarm = { peers: [], byId: new Map() }
      this.#swarms.set(torrent, swarm)
    }
    const position = swarm.peers.length
    const peer = { socket, torrent, peerId: signal.peerId, seeder: signal.seeder, position }
    swarm.peers.push(peer)
    swarm.byId.set(peer.peerId, peer)
    own.set(torrent, peer)
    swarms.countSockets(torrent, peer.seeder ? 1 : 0, peer.seeder ? 0 : 1)
    return peer
  }

  #leave(peer: SignalPeer): void {
    const swarm = this.#swarms.get(peer.torrent)
    this.#sockets.get(peer.socket)?.delete(peer.torrent)
    if (swarm === undefined) return
    const last = swarm.peers.pop()!
    if (last !== peer) {
      swarm.peers[peer.position] = last
      last.position = peer.position
    }
    swarm.byId.delete(peer.peerId)
    if (swarm.peers.length === 0) this.#swarms.delete(peer.torrent)
    this.#parts.swarms.countSockets(peer.torrent, peer.seeder ? -1 : 0, peer.seeder ? 0 : -1)
  }

  /** Each offer goes to one other peer, beginning anywhere in the swarm; seeders have no use for seeders. */
  #spread(from: SignalPeer, signal: Signal & { action: 'announce' }): void {
    const swarm = this.#swarms.get(from.torrent)!.peers
    const start = Math.floor(Math.random() * swarm.length)
    let next = 0
    for (let step = 0; step < swarm.length && step < MOST_LOOKED_AT && next < signal.offers.length; step++) {
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
    socket.send(
      JSON.stringify({ action: 'scrape', files, flags: { min_request_interval: INTERVAL_SECONDS } }),
    )
  }

  #torrentOf(infoHash: string): number {
    return this.#parts.swarms.allowed.torrentOf(Buffer.from(infoHash, 'latin1'), 0)
  }
}

/** What connections hand their messages to. */
export type SignalReceiver = {
  receive(socket: SignalSocket, text: string): void
  close(socket: SignalSocket): void
}

/** A connection as the hub sees it. */
export type SignalSocket = {
  /** Who is behind it, to tell a returning browser from a stranger; held in memory only. */
  readonly client: string
  send(text: string): void
}

export type SignalHubParts = { swarms: Swarms; counts: Counts; listReady: () => boolean }

type SignalSwarm = { peers: SignalPeer[]; byId: Map<string, SignalPeer> }

type SignalPeer = {
  socket: SignalSocket
  torrent: number
  peerId: string
  seeder: boolean
  position: number
}

const INTERVAL_SECONDS = 120
const MOST_SWARMS_A_SOCKET = 500
const MOST_LOOKED_AT = 200
const UNREADY = 'the tracker has no allow-list yet'
const UNKNOWN = 'this torrent is not in the index that this tracker serves'
