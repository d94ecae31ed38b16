/** What is used of WebTorrent's build for browsers, which ships no types. */
declare module 'webtorrent/dist/webtorrent.min.js' {
  interface Torrent {
    on(event: 'wire', listener: () => void): void
  }

  /** abstract-chunk-store */
  interface ChunkStore {
    put(index: number, bytes: Uint8Array, done?: (error: Error | null) => void): void
    get(
      index: number,
      options: { offset?: number; length?: number } | null,
      done: (error: Error | null, bytes?: Uint8Array) => void,
    ): void
    close(done: (error: Error | null) => void): void
    destroy(done: (error: Error | null) => void): void
  }

  export default class WebTorrent {
    constructor(options: { tracker: { rtcConfig: RTCConfiguration }; webSeeds: boolean })
    on(event: 'error', listener: (error: Error) => void): void
    add(
      metainfo: Uint8Array,
      options: { announce: readonly string[]; store: new () => ChunkStore; storeCacheSlots: number },
    ): Torrent
  }
}
