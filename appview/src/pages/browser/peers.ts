/**
 * Downloads pieces from other people by WebRTC (WebTorrent). It is a separate bundle, which the page loads only after somebody
 * has read that joining a swarm shows their address, and has agreed.
 */
import type { Metainfo } from '@holdfast/torrent/metainfo'
import WebTorrent from 'webtorrent/dist/webtorrent.min.js'

export interface Swarm {
  /** Resolves with a piece as soon as a peer has sent it. Rejects when the swarm cannot be joined. */
  piece(index: number): Promise<Uint8Array>
}

export interface SwarmOptions {
  trackers: readonly string[]
  stunServers: readonly string[]
  /** Called for every peer that is connected. */
  onPeer: () => void
}

export type JoinSwarm = typeof joinSwarm

/**
 * Joins the swarm of a v1 or hybrid torrent at `trackers`, and stays while the page is open. Only these trackers, these STUN
 * servers and the peers are contacted, and none of WebTorrent's default servers.
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
  /** A store that keeps pieces in memory, so that they can be sent to others. */
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
          : done(new Error('this piece has not arrived yet')),
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

/** Makes a `.torrent` without its author's trackers and webseeds. */
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
