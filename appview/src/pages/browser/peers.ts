/**
 * Pieces from people who have them, by WebRTC (WebTorrent). A bundle of its own, which the page loads when somebody has
 * read that joining a swarm shows one's address and wants it.
 */
import type { Metainfo } from '@holdfast/torrent/metainfo'
import WebTorrent from 'webtorrent/dist/webtorrent.min.js'

export interface Swarm {
  /** A piece by its number, as soon as somebody has sent it. Rejects when the swarm cannot be joined. */
  piece(index: number): Promise<Uint8Array>
}

export interface SwarmOptions {
  trackers: readonly string[]
  stunServers: readonly string[]
  /** Told of every peer met. */
  onPeer: () => void
}

export type JoinSwarm = typeof joinSwarm

/**
 * Joins the swarm of a v1 or hybrid torrent at `trackers` and stays while the page is open. Only these trackers, these
 * STUN servers and the peers are told: not the servers that WebTorrent would ask by itself.
 */
export function joinSwarm(metainfo: Metainfo, { trackers, stunServers, onPeer }: SwarmOptions): Swarm {
  const pieces = new Map<number, Uint8Array>()
  const waiting = new Map<number, (bytes: Uint8Array) => void>()
  const failed = Promise.withResolvers<never>()
  const client = new WebTorrent({
    tracker: { rtcConfig: { iceServers: stunServers.map((urls) => ({ urls })) } },
    webSeeds: false,
  })
  client.on('error', failed.reject)
  /** Pieces stay in memory, so that they can be passed on. */
  class PieceMemory {
    put(index: number, bytes: Uint8Array, done?: (error: null) => void): void {
      pieces.set(index, bytes)
      waiting.get(index)?.(bytes)
      queueMicrotask(() => done?.(null))
    }

    get(
      index: number,
      options: { offset?: number; length?: number } | null,
      done: (error: Error | null, bytes?: Uint8Array) => void,
    ): void {
      const bytes = pieces.get(index)
      const from = options?.offset ?? 0
      queueMicrotask(() =>
        bytes
          ? done(
              null,
              bytes.subarray(from, options?.length === undefined ? undefined : from + options.length),
            )
          : done(new Error('not here yet')),
      )
    }

    close(done: (error: null) => void): void {
      queueMicrotask(() => done(null))
    }

    destroy(done: (error: null) => void): void {
      this.close(done)
    }
  }
  const torrent = client.add(withoutTrackers(metainfo), {
    announce: trackers,
    store: PieceMemory,
    storeCacheSlots: 0,
  })
  torrent.on('wire', onPeer)
  return {
    piece: (index) =>
      Promise.race([
        failed.promise,
        pieces.has(index)
          ? Promise.resolve(pieces.get(index)!)
          : new Promise<Uint8Array>((resolve) => waiting.set(index, resolve)),
      ]),
  }
}

/** The same torrent without its author's trackers and webseeds. */
function withoutTrackers({ infoBytes }: Metainfo): Uint8Array {
  const [start, end] = ['d4:info', 'e'].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
  ]
  const bytes = new Uint8Array(start.length + infoBytes.length + end.length)
  bytes.set(start)
  bytes.set(infoBytes, start.length)
  bytes.set(end, start.length + infoBytes.length)
  return bytes
}
