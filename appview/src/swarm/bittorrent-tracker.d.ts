/** What the tests use of bittorrent-tracker's server, which ships no types. */
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
