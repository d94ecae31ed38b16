/** The part of bittorrent-tracker that tests use; it ships no types. */
declare module 'bittorrent-tracker/client' {
  import { EventEmitter } from 'node:events'

  export default class Client extends EventEmitter {
    constructor(options: {
      infoHash: Uint8Array | string
      peerId: Uint8Array | string
      announce: string[]
      port: number
      wrtc?: object
    })
    start(options?: object): void
    stop(options?: object): void
    complete(options?: object): void
    update(options?: object): void
    scrape(options?: object): void
    destroy(done?: () => void): void
  }
}
