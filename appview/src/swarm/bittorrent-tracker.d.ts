/** The part of bittorrent-tracker's client that scraping by WebSocket uses; the package has no types. */
declare module 'bittorrent-tracker/websocket-tracker' {
  import type { EventEmitter } from 'node:events'

  export interface PooledSocket extends EventEmitter {
    connected: boolean
    consumers: number
    send(message: string): void
    destroy(): void
  }

  export default class WebSocketTracker {
    /** Open connections by announce URL, which the client uses instead of opening new ones. */
    static readonly _socketPool: Record<string, PooledSocket>
    /** Whether an answer is outstanding, for which `destroy` waits. */
    expectingResponse: boolean
    constructor(client: EventEmitter, announceUrl: string)
    scrape(options: { infoHash: readonly string[] }): void
    destroy(): void
  }
}

/** The part of its server that the tests use. */
declare module 'bittorrent-tracker/server' {
  import type { Socket } from 'node:dgram'
  import type { EventEmitter } from 'node:events'
  import type { Server as HttpServer } from 'node:http'

  export default class Server extends EventEmitter {
    readonly http: HttpServer
    readonly udp: Socket
    constructor(options: { udp: boolean; http: boolean; ws: boolean; stats: boolean })
    listen(port: number, hostname: Record<'http' | 'udp' | 'udp6', string>): void
    close(done: () => void): void
  }
}
