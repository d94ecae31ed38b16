import { timingSafeEqual } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { setImmediate } from 'node:timers/promises'
import { counted } from '@holdfast/runtime/counted'
import type { Swarms } from './swarms/swarms.ts'
import type { TrustedProxies } from './wire/proxy.ts'

/** Answers for people and for programs that are not BitTorrent clients. */
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
      response.writeHead(405, { Allow: 'GET, HEAD' }).end('This server answers only GET and HEAD.\n')
    } else if (path === '/') {
      response.end(introduction)
    } else if (path === '/health/live') {
      response.end('ok\n')
    } else if (path === '/health' || path === '/health/ready') {
      const ready = this.#parts.listReady()
      response.writeHead(ready ? 200 : 503).end(ready ? this.#readiness() : unready)
    } else if (path !== '/metrics' && path !== '/swarms') {
      response.writeHead(404).end('There is nothing here. Announce at /announce, scrape at /scrape.\n')
    } else if (!this.#mayWatch(request, client)) {
      response
        .writeHead(403)
        .end(
          'This needs HOLDFAST_ADMIN_TOKEN as a bearer token, or a request from the tracker’s own machine if no proxy is in front of it.\n',
        )
    } else if (path === '/metrics') {
      response.setHeader('Content-Type', 'text/plain; version=0.0.4; charset=utf-8')
      response.end(await this.#parts.metrics())
    } else {
      response.setHeader('Content-Type', 'application/json')
      response.end(await this.#parts.swarms())
    }
  }

  /** A list that is too long must not make the tracker unready, which would end the service for all other torrents. */
  #readiness(): string {
    const leftOut = this.#parts.listLeftOut()
    if (leftOut === 0) return 'ok\n'
    return `ok, but the allow-list is full: ${counted(leftOut, 'torrent is', 'torrents are')} not served. Raise HOLDFAST_TRACKER_MAX_TORRENTS.\n`
  }

  #mayWatch(request: IncomingMessage, client: string): boolean {
    const token = this.#parts.adminToken
    const given = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1]
    if (token !== undefined && given !== undefined) return equal(token, given)
    // Requests through a proxy on this machine that does not pass on addresses must not all count as local.
    if (this.#parts.isPublic || this.#parts.proxies.trusts(client)) return false
    return loopback.test(client) && !forwarding.some((name) => name in request.headers)
  }
}

export interface PagesParts {
  /** The metrics in the text format of Prometheus. */
  metrics: () => Promise<string>
  /** The text that `swarmsAsJson` returns. */
  swarms: () => Promise<string>
  listReady: () => boolean
  /** How many torrents are left out because the allow-list is full. */
  listLeftOut: () => number
  proxies: TrustedProxies
  /** Whether the tracker has a public address, so that requests from this machine may come through a proxy. */
  isPublic: boolean
  adminToken: string | undefined
}

const unready = 'no allow-list yet: announces are refused\n'
const forwarding = [
  'x-forwarded-for',
  'forwarded',
  'x-real-ip',
  'via',
  'x-forwarded-host',
  'x-forwarded-proto',
]
const loopback = /^(?:127\.|::1$|::ffff:127\.)/

const introduction = `This is a BitTorrent tracker for public data. It serves the torrents of one index and no others.

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
    from = swarms.exclusively(() => swarms.allowed.forEach(visit, { from: first, count: slice }))
    await setImmediate()
  }
  return `{"swarms":[${rows.join(',\n')}]}\n`
}

/** The number of torrents to process before other work gets a turn. */
const slice = 1000

function equal(expected: string, given: string): boolean {
  const [a, b] = [Buffer.from(expected), Buffer.from(given)]
  return a.length === b.length && timingSafeEqual(a, b)
}
