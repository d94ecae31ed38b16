import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import type { Swarms } from './swarms/swarms.ts'
import type { TrustedProxies } from './wire/proxy.ts'

/** What the tracker says to people and programs that are no BitTorrent clients. */
export class Pages {
  readonly #parts: PagesParts

  constructor(parts: PagesParts) {
    this.#parts = parts
  }

  /** Answers a request for `/`, `/health`, `/metrics` or `/swarms` from `client`. */
  async answer(request: IncomingMessage, response: ServerResponse, client: string): Promise<void> {
    const path = (request.url ?? '/').split('?', 1)[0]
    response.setHeader('Content-Type', 'text/plain; charset=utf-8')
    if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.writeHead(405, { Allow: 'GET, HEAD' }).end('This server answers GET.\n')
    } else if (path === '/') {
      response.end(INTRODUCTION)
    } else if (path === '/health') {
      const ready = this.#parts.listReady()
      response.writeHead(ready ? 200 : 503).end(ready ? 'ok\n' : 'no allow-list yet: announces are refused\n')
    } else if (path !== '/metrics' && path !== '/swarms') {
      response.writeHead(404).end('There is nothing here. Announce at /announce, scrape at /scrape.\n')
    } else if (!this.#mayWatch(request, client)) {
      response.writeHead(403).end('For this machine, trusted proxies, and bearers of HOLDFAST_ADMIN_TOKEN.\n')
    } else if (path === '/metrics') {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
      response.end(await this.#parts.metrics())
    } else {
      response.setHeader('Content-Type', 'application/json')
      response.end(await this.#parts.swarms())
    }
  }

  #mayWatch(request: IncomingMessage, client: string): boolean {
    const token = this.#parts.adminToken
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token !== undefined && given !== undefined) return equal(token, given)
    return LOOPBACK.test(client) || this.#parts.proxies.trusts(client)
  }
}

export type PagesParts = {
  /** In the text format of Prometheus. */
  metrics: () => Promise<string>
  /** What `swarmsAsJson` gives. */
  swarms: () => Promise<string>
  listReady: () => boolean
  proxies: TrustedProxies
  adminToken: string | undefined
}

const LOOPBACK = /^(?:127\.|::1$|::ffff:127\.)/

const INTRODUCTION = `This is a BitTorrent tracker for public data. It serves the torrents of one index and no others.

  announce  /announce (HTTP), the same host and port by UDP, and by WebSocket for WebTorrent
  scrape    /scrape
`

/**
 * Every torrent that has peers or has been completed: `{"swarms":[[[names…],seeders,leechers,completed]…]}`,
 * names being infohashes in hexadecimal, v2 cut to 20 bytes, both for a hybrid. Counts only.
 */
export async function swarmsAsJson(swarms: Swarms): Promise<string> {
  const counted = { seeders: 0, leechers: 0, completed: 0 }
  const rows: string[] = []
  const visit = (torrent: number, names: Uint8Array): void => {
    swarms.count(torrent, counted)
    if (counted.seeders + counted.leechers + counted.completed === 0) return
    const hex: string[] = []
    for (let at = 0; at < names.length; at += 20)
      hex.push(Buffer.from(names.subarray(at, at + 20)).toString('hex'))
    rows.push(JSON.stringify([hex, counted.seeders, counted.leechers, counted.completed]))
  }
  for (let from = 1; from !== 0; ) {
    const first = from
    from = swarms.exclusively(() => swarms.allowed.forEach(visit, { from: first, count: SLICE }))
    await setImmediate()
  }
  return `{"swarms":[${rows.join(',\n')}]}\n`
}

/** Torrents looked at between two turns of other work. */
const SLICE = 1000

function equal(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
