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
  CLOSE_HEAD,
  Connection,
  forwardedClients,
  IDLE_TIMEOUT_MS,
  MOST_HEAD_BYTES,
  writeAnswer,
} from './http-connection.ts'
import { SocketLimits } from './socket-limits.ts'

/**
 * The TCP port: announces and scrapes are answered straight from the bytes of the request, everything else
 * (pages, metrics, WebSockets, unusual requests) goes to node:http on the same socket.
 * @throws when the port is taken or may not be used
 */
export async function openHttpServer(parts: HttpServerParts): Promise<HttpServer> {
  const limits = new SocketLimits({
    perAddress: parts.socketsPerAddress,
    total: parts.maxSockets,
    exempt: (address) => parts.proxies.trusts(address),
  })
  const slow = createHttpServer({ maxHeaderSize: MOST_HEAD_BYTES, keepAliveTimeout: 0 })
  slow.on('request', (request, response) => {
    limits.extend(request.socket, ANSWER_TIMEOUT_MS)
    response.once('finish', () => limits.extend(request.socket, IDLE_TIMEOUT_MS))
    answerSlowly(parts, request, response)
  })
  slow.on('upgrade', (request, socket, head) => {
    limits.extend(request.socket, Number.POSITIVE_INFINITY)
    parts.upgrade(request, socket, head, clientOf(request, parts))
  })
  slow.on('clientError', (_error, socket) => socket.destroy())

  const take = (socket: Socket, address: string | undefined, read?: Buffer): void => {
    parts.counts.httpConnections++
    if (address === undefined || !limits.admit(socket, address, HEAD_TIMEOUT_MS)) {
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

/** Listens by the batch where that is built, else with node:net; `take` gets every connection that is not plain. */
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
    const head = readHead(bytes, MOST_HEAD_BYTES)
    // What a proxy says needs a closer look, and so does anything that is not one plain request.
    if (typeof head === 'string' || head.length !== bytes.length) return -1
    if (head.forwardedFor !== undefined && parts.proxies.any) return -1
    const length =
      head.kind === 'announce'
        ? responder.announce(head.target, head.query, family, address)
        : responder.scrape(head.target, head.query)
    // The longest lists of peers do not fit; asked again on an ordinary socket, the answer is the same.
    if (length > out.length - CLOSE_HEAD.length - 16) return -1
    counts.httpConnections++
    // One request a connection: clients come back in half an hour.
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

export type HttpServerParts = {
  port: number
  host?: string | undefined
  reusePort?: boolean
  /** By the batch where that is built, unless said otherwise. */
  transport?: 'batch' | 'net'
  responder: HttpResponder
  counts: Counts
  proxies: TrustedProxies
  /** Sockets one address may hold open; trusted proxies are exempt. */
  socketsPerAddress: number
  maxSockets: number
  /** Everything that is not an announce or a scrape. */
  page: (request: IncomingMessage, response: ServerResponse, client: string) => void
  upgrade: (request: IncomingMessage, socket: Duplex, head: Buffer, client: string | undefined) => void
}

const HEAD_TIMEOUT_MS = 10_000
const ANSWER_TIMEOUT_MS = 60_000

function clientOf(request: IncomingMessage, parts: HttpServerParts): string | undefined {
  const peer = forwardedClients.get(request.socket) ?? request.socket.remoteAddress ?? ''
  const header = request.headers['x-forwarded-for']
  return parts.proxies.client(peer, Array.isArray(header) ? header.join(',') : header)
}

/** Announces that came in an unusual shape (absolute targets, HEAD, folded headers), and all the rest. */
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
