/** The part of WebTorrent's API that the demo's client uses; the package ships no types. */
declare module 'webtorrent' {
  interface Torrent {
    on(event: 'done', listener: () => void): void
  }
  export default class WebTorrent {
    constructor(options: { dht: boolean; lsd: boolean; utPex: boolean; webSeeds: boolean })
    on(event: 'error', listener: (error: Error) => void): void
    add(torrent: Uint8Array, options: { path: string }, onTorrent: (torrent: Torrent) => void): void
    destroy(done: () => void): void
  }
}
