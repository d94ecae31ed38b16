import { once } from 'node:events'
import { createServer as createHttpServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { type AddressInfo, createServer, Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Counts } from '../counts.ts'
import type { Family } from '../swarms/announce.ts'
import { readAddress } from '../wire/address.ts'
import type { HttpResponder } from '../wire/http.ts'
import { readHead } from '../wire/http-head.ts'
import type { TrustedProxies } from '../wire/proxy.ts'
import { type BatchRequest, loadBatchSockets } from './batch-sockets.ts'
import {
  Connection,
  closeHead,
  forwardedClients,
  idleTimeoutMs,
  mostHeadBytes,
  writeAnswer,
} from './http-connection.ts'
import { SocketLimits } from './socket-limits.ts'

/**
 * Opens the TCP port. Announces and scrapes are answered directly from the bytes of the request; everything else
 * (pages, metrics, WebSockets, unusual requests) goes to node:http on the same socket.
 * @throws Error if the port is in use or not permitted
 */
export async function openHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const limits = new SocketLimits({
    perAddress: parts.socketsPerAddress,
    total: parts.maxSockets,
    exempt: (address) => parts.proxies.trusts(address),
  })
  // Requests without a Host header are accepted, because simple clients send none.
  const slow = createHttpServer({
    maxHeaderSize: mostHeadBytes,
    keepAliveTimeout: 0,
    requireHostHeader: false,
  })
  const answered = new WeakSet<Socket>()
  slow.on('request', (request, response) => {
    if (parts.proxies.trusts(request.socket.remoteAddress ?? '')) {
      // Only one request per connection, as in Connection: node:http parses what a proxy sent ahead before this request
      // is answered.
      if (answered.has(request.socket)) {
        request.socket.destroy()
        return
      }
      answered.add(request.socket)
      response.shouldKeepAlive = false
    }
    limits.extend(request.socket, answerTimeoutMs)
    response.once('finish', () => limits.extend(request.socket, idleTimeoutMs))
    answerSlowly(parts, request, response)
  })
  slow.on('upgrade', (request, socket, head) => {
    if (answered.has(request.socket)) {
      socket.destroy()
      return
    }
    limits.extend(request.socket, Number.POSITIVE_INFINITY)
    parts.upgrade(request, socket, head, clientOf(request, parts))
  })
  slow.on('clientError', (_error, socket) => socket.destroy())

  const take = (socket: Socket, address: string | undefined, read?: Buffer): void => {
    parts.counts.httpConnections++
    if (address === undefined || !limits.admit(socket, address, headTimeoutMs)) {
      parts.counts.httpRefusedSockets++
      socket.destroy()
      return
    }
    new Connection(socket, address, { ...parts, limits, slow }).begin(read)
  }
  const opened = await listen(parts, take)
  return {
    port: opened.port,
    async [Symbol.asyncDispose]() {
      const closed = opened.close()
      limits.endAll()
      await closed
      limits[Symbol.dispose]()
    },
  }
}

type Take = (socket: Socket, address: string | undefined, read?: Buffer) => void

/**
 * Listens with the native batch module if it is built, else with node:net. `take` gets every connection whose request
 * is not plain.
 */
async function listen(parts: HttpServerParts, take: Take): Promise<{ port: number; close(): Promise<void> }> {
  const { port, host, reusePort = false, counts, responder } = parts
  const openHttp = parts.transport === 'net' ? undefined : loadBatchSockets()?.openHttp
  if (openHttp === undefined) {
    const server = createServer({ noDelay: true }, (socket) => take(socket, socket.remoteAddress))
    server.listen({ port, host, reusePort, backlog: 4096 })
    await once(server, 'listening')
    return {
      port: (server.address() as AddressInfo).port,
      close: () => new Promise((done) => server.close(() => done())),
    }
  }
  const answer = ({ bytes, family, address }: BatchRequest, out: Buffer): number => {
    const head = readHead(bytes, mostHeadBytes)
    // Requests through a proxy, and anything but a single plain request, are left to the slower path.
    if (typeof head === 'string' || head.length !== bytes.length) return -1
    if (head.forwardedFor !== undefined && parts.proxies.any) return -1
    const length =
      head.kind === 'announce'
        ? responder.announce(head.target, head.query, family, address)
        : responder.scrape(head.target, head.query)
    // The longest lists of peers do not fit; the same request is then answered on an ordinary socket.
    if (length > out.length - closeHead.length - 16) return -1
    counts.httpConnections++
    // One request per connection: clients come back only after half an hour.
    return writeAnswer(out, { body: responder.body, length, close: true })
  }
  const other = (fd: number, read: Buffer): void => {
    const socket = new Socket({ fd, readable: true, writable: true })
    take(socket, socket.remoteAddress, read)
  }
  const opened = openHttp({ answer, other }, { host: host ?? '', port, reusePort })
  return { port: opened.port, close: async () => opened.close() }
}

export type HttpServer = AsyncDisposable & { readonly port: number }

export interface HttpServerParts {
  port: number
  host?: string | undefined
  reusePort?: boolean
  /** The transport to use; by default `batch` if it is built. */
  transport?: 'batch' | 'net'
  responder: HttpResponder
  counts: Counts
  proxies: TrustedProxies
  /** The number of sockets that one address may have open; trusted proxies are exempt. */
  socketsPerAddress: number
  maxSockets: number
  /** Answers every request that is not an announce or a scrape. */
  page: (request: IncomingMessage, response: ServerResponse, client: string) => void
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, client: string | undefined) => void
}

const headTimeoutMs = 10_000
const answerTimeoutMs = 60_000

function clientOf(request: IncomingMessage, parts: HttpServerParts): string | undefined {
  const peer = forwardedClients.get(request.socket) ?? request.socket.remoteAddress ?? ''
  const header = request.headers['x-forwarded-for']
  return parts.proxies.client(peer, Array.isArray(header) ? header.join(',') : header)
}

/** Answers announces in an unusual form (absolute targets, HEAD, folded headers), and all other requests. */
function answerSlowly(parts: HttpServerParts, request: IncomingMessage, response: ServerResponse): void {
  const client = clientOf(request, parts)
  const address = new Int32Array(4)
  const family = client === undefined ? -1 : readAddress(client, address)
  if (client === undefined || family < 0) {
    parts.counts.proxyRefused++
    response.writeHead(400).end('The proxy in front of this tracker sent no usable X-Forwarded-For.\n')
    return
  }
  const target = request.url ?? '/'
  const path = /^(?:https?:\/\/[^/?]*)?\/(announce|scrape)(?:\?|$)/.exec(target)
  if (path === null || (request.method !== 'GET' && request.method !== 'HEAD')) {
    parts.page(request, response, client)
    return
  }
  const length =
    path[1] === 'announce'
      ? parts.responder.announce(target, path[0].length, family as Family, address)
      : parts.responder.scrape(target, path[0].length)
  const body = Buffer.from(parts.responder.body.subarray(0, length))
  response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Length': length }).end(body)
}
