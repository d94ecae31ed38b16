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

export type ConnectionParts = {
  responder: HttpResponder
  counts: Counts
  proxies: TrustedProxies
  limits: SocketLimits
  /** Takes over what is no announce or scrape. */
  slow: Server
}

export const MOST_HEAD_BYTES = 16 * 1024
export const IDLE_TIMEOUT_MS = 10_000

/** One socket from its first byte to the moment node:http takes over, if it does. */
export class Connection {
  readonly #socket: Socket
  readonly #parts: ConnectionParts
  readonly #address = new Int32Array(4)
  readonly #forwarded = new Int32Array(4)
  #client: string
  #family: Family | -1
  #pending: Buffer | undefined
  #proxyHeaderAllowed: boolean

  constructor(socket: Socket, client: string, parts: ConnectionParts) {
    this.#socket = socket
    this.#parts = parts
    this.#client = client
    this.#family = readAddress(client, this.#address)
    this.#proxyHeaderAllowed = parts.proxies.any
  }

  /** Starts with what was read already, if anything. */
  begin(read: Buffer | undefined): void {
    this.#socket.on('data', this.#onData)
    this.#socket.on('error', () => this.#socket.destroy())
    if (read !== undefined && read.length > 0) this.#onData(read)
  }

  readonly #onData = (chunk: Buffer): void => {
    let bytes = this.#pending === undefined ? chunk : Buffer.concat([this.#pending, chunk])
    this.#pending = undefined
    if (this.#proxyHeaderAllowed) {
      const rest = this.#stripProxyHeader(bytes)
      if (rest === undefined) return
      bytes = rest
    }
    // One write answers however many requests a client sent ahead.
    while (bytes.length > 0) {
      const head = readHead(bytes, MOST_HEAD_BYTES)
      if (head === 'incomplete') {
        this.#pending = bytes
        return
      }
      if (head === 'other' || !this.#answer(head)) {
        this.#handOver(bytes)
        return
      }
      if (head.close) return
      bytes = bytes.subarray(head.length)
    }
  }

  /** The bytes after a PROXY header, if any; undefined while it is incomplete or when the socket is refused. */
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

  /** False when the request is left to node:http. */
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
      limits.extend(this.#socket, IDLE_TIMEOUT_MS)
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

/** What node:http cannot know: the client's address as a PROXY header told it. */
export const forwardedClients = new WeakMap<Duplex, string>()

export const CLOSE_HEAD = Buffer.from(
  'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\nContent-Length: ',
)
const KEEP_HEAD = Buffer.from('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: ')

type Answer = { body: Buffer; length: number; close: boolean }

function frame(answer: Answer): Buffer {
  const out = Buffer.allocUnsafe(KEEP_HEAD.length + CLOSE_HEAD.length + answer.length)
  return out.subarray(0, writeAnswer(out, answer))
}

/** Writes head and body to `out`; how many bytes. */
export function writeAnswer(out: Buffer, { body, length, close }: Answer): number {
  const head = close ? CLOSE_HEAD : KEEP_HEAD
  out.set(head)
  const at = head.length + out.write(`${length}\r\n\r\n`, head.length, 'latin1')
  out.set(body.subarray(0, length), at)
  return at + length
}
