import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import type { Counts } from '../counts.ts'
import type { Family } from '../swarms/announce.ts'
import { readAddress } from '../wire/address.ts'
import type { HttpResponder } from '../wire/http.ts'
import { type Head, readHead } from '../wire/http-head.ts'
import { readProxyHeader, type TrustedProxies } from '../wire/proxy.ts'
import type { SocketLimits } from './socket-limits.ts'

export interface ConnectionParts {
  responder: HttpResponder
  counts: Counts
  proxies: TrustedProxies
  limits: SocketLimits
  /** The server that handles requests which are not plain announces or scrapes. */
  slow: Server
}

export const mostHeadBytes = 16 * 1024
export const idleTimeoutMs = 10_000

/** One socket, from its first byte until it closes or node:http takes over. */
export class Connection {
  readonly #socket: Socket
  readonly #parts: ConnectionParts
  readonly #address = new Int32Array(4)
  readonly #forwarded = new Int32Array(4)
  #client: string
  #family: Family | -1
  readonly #behindProxy: boolean
  #pending: Buffer | undefined
  #proxyHeaderAllowed: boolean
  /** Whether the last answer was written; bytes after that are ignored. */
  #over = false

  constructor(socket: Socket, client: string, parts: ConnectionParts) {
    this.#socket = socket
    this.#parts = parts
    this.#client = client
    this.#family = readAddress(client, this.#address)
    this.#proxyHeaderAllowed = parts.proxies.any
    // A proxy may send requests of several people over one connection, so each gets a connection of its own: a request
    // head that the proxy reads differently could otherwise speak for the next client.
    this.#behindProxy = parts.proxies.trusts(client)
  }

  /** Starts with the bytes that were read already, if any. */
  begin(read: Buffer | undefined): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('error', () => this.#socket.destroy())
    if (read !== undefined && read.length > 0) this.#onData(read)
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.#over) return
    let bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = undefined
    if (this.#proxyHeaderAllowed) {
      const rest = this.#stripProxyHeader(bytes)
      if (rest === undefined) return
      bytes = rest
    }
    // Requests that a client sent ahead are answered in a single write.
    while (bytes.length > 0) {
      const head = readHead(bytes, mostHeadBytes)
      if (head === 'incomplete') {
        this.#pending = bytes
        return
      }
      if (head !== 'other' && this.#behindProxy) head.close = true
      if (head === 'other' || !this.#answer(head)) {
        this.#handOver(bytes)
        return
      }
      if (head.close) {
        this.#over = true
        return
      }
      bytes = bytes.subarray(head.length)
      if (this.#socket.writableNeedDrain) {
        this.#waitForReader(bytes)
        return
      }
    }
  }

  /**
   * Reads no more requests from a client that does not read answers; its deadline, which is no longer extended, ends
   * the socket.
   */
  #waitForReader(rest: Buffer): void {
    const socket = this.#socket
    this.#pending = rest
    socket.pause()
    socket.once('drain', () => {
      socket.resume()
      if (this.#pending !== undefined && this.#pending.length > 0) this.#onData(nothing)
    })
  }

  /** The bytes after a PROXY header, if there is one; undefined if the header is incomplete or the socket was refused. */
  #stripProxyHeader(bytes: Buffer): Buffer | undefined {
    const header = readProxyHeader(bytes)
    if (header === undefined) {
      this.#proxyHeaderAllowed = false
      return bytes
    }
    if (header.broken || !this.#parts.proxies.trusts(this.#client)) {
      this.#parts.counts.proxyRefused++
      this.#socket.destroy()
      return undefined
    }
    if (header.length === 0) {
      this.#pending = bytes
      return undefined
    }
    this.#proxyHeaderAllowed = false
    if (header.address !== undefined) {
      this.#client = header.address
      this.#family = readAddress(header.address, this.#address)
    }
    return bytes.subarray(header.length)
  }

  /** Returns false if the request is left to node:http. */
  #answer(head: Head): boolean {
    const { proxies, responder, counts, limits } = this.#parts
    let address = this.#address
    let family = this.#family
    if (head.forwardedFor !== undefined && proxies.any) {
      const client = proxies.client(this.#client, head.forwardedFor)
      if (client === undefined) {
        counts.proxyRefused++
        this.#socket.destroy()
        return true
      }
      address = this.#forwarded
      family = readAddress(client, address)
    }
    if (family < 0) return false
    const length =
      head.kind === 'announce'
        ? responder.announce(head.target, head.query, family as Family, address)
        : responder.scrape(head.target, head.query)
    const answer = frame({ body: responder.body, length, close: head.close })
    if (head.close) this.#socket.end(answer)
    else {
      this.#socket.write(answer)
      limits.extend(this.#socket, idleTimeoutMs)
    }
    return true
  }

  #handOver(bytes: Buffer): void {
    const socket = this.#socket
    socket.off('data', this.#onData)
    socket.pause()
    forwardedClients.set(socket, this.#client)
    this.#parts.slow.emit('connection', socket)
    socket.unshift(bytes)
    socket.resume()
  }
}

const nothing = Buffer.alloc(0)

/** The client's address as a PROXY header stated it, which node:http cannot know. */
export const forwardedClients = new WeakMap<Duplex, string>()

export const closeHead = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ',
)
const keepHead = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ')

interface Answer {
  body: Buffer
  length: number
  close: boolean
}

function frame(answer: Answer): Buffer {
  const out = Buffer.allocUnsafe(keepHead.length + closeHead.length + answer.length)
  return out.subarray(0, writeAnswer(out, answer))
}

/** Writes head and body to `out`; returns the number of bytes. */
export function writeAnswer(out: Buffer, { body, length, close }: Answer): number {
  const head = close ? closeHead : keepHead
  out.set(head)
  const at = head.length + out.write(`${length}\r\n\r\n`, head.length, 'latin1')
  out.set(body.subarray(0, length), at)
  return at + length
}
