import { connect, isIP, type LookupFunction, type Socket, type TcpNetConnectOpts } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type BodyFraming, type Head, maxHeadBytes, parseHead } from './head.ts'

// `fetch` copies each chunk several times and is three times slower than this on one core, and `node:http` is hardly
// faster. Bodies of files are therefore read from the socket into the caller's own memory; all else uses `fetch`.

/** Takes a body. */
export interface BodySink {
  /** Where the next bytes are written, at least one. */
  target(): Buffer
  /** This many bytes were written there. */
  filled(count: number): void
}

export interface AskOptions {
  /** By default GET. */
  readonly method?: 'GET' | 'HEAD'
  readonly headers: Readonly<Record<string, string>>
  /** Decides from the status and the headers who takes the body; null reads no body and closes the connection. */
  readonly onHead: (head: Head) => BodySink | null
  /** Decides which hosts are connected to; null for any. */
  readonly guard: HostGuard | null
}

/** Keeps connections out of private networks. */
export interface HostGuard {
  /** Resolves names to public addresses only. */
  readonly lookup: LookupFunction
  /** Throws an Error if the address itself is not public. */
  assert(url: URL): void
}

/** A server that sends less than `minBytes` in this time has failed, even if it sends something. */
const usualPatienceMs = 60_000
const minBytes = 64 * 1024

/** An answer broke off, did not come, or came too slowly. */
export class BrokenAnswerError extends Error {
  override readonly name = 'BrokenAnswerError'
}

/** One connection at a time, kept open for the next request to the same server. */
export class Connection implements Disposable {
  #socket: Socket | undefined
  #origin = ''
  #exchange: Exchange | undefined
  readonly #scratch = Buffer.allocUnsafeSlow(maxHeadBytes)
  readonly #patienceMs: number

  constructor({ patienceMs = usualPatienceMs } = {}) {
    this.#patienceMs = patienceMs
  }

  /**
   * Sends a request (HTTP/1.1) and hands on the body. Resolves when the body is complete. Rejects with a BrokenAnswerError
   * if the server fails, and with what `onHead` or the sink throws. Redirects are not followed.
   */
  async ask(url: URL, options: AskOptions): Promise<void> {
    const isReused = this.#socket !== undefined && this.#origin === url.origin
    try {
      await this.#ask(url, options)
    } catch (error) {
      // A server may close a connection that it kept open just when the next request is sent.
      if (!(isReused && error instanceof BrokenAnswerError && this.#exchange?.isUnanswered)) throw error
      await this.#ask(url, options)
    }
  }

  [Symbol.dispose](): void {
    this.#socket?.destroy()
    this.#socket = undefined
  }

  async #ask(url: URL, options: AskOptions): Promise<void> {
    const exchange = new Exchange(options, this.#scratch)
    this.#exchange = exchange
    if (!this.#socket || this.#origin !== url.origin) {
      this[Symbol.dispose]()
      this.#open(url, options)
    }
    const socket = this.#socket!
    const watch = setInterval(() => exchange.expectProgress(), this.#patienceMs)
    try {
      socket.ref()
      socket.write(requestOf(url, options))
      await exchange.ended
      // A connection that is kept for later does not keep the program running.
      socket.unref()
      if (!exchange.keepsConnection) this[Symbol.dispose]()
    } catch (error) {
      this[Symbol.dispose]()
      throw error
    } finally {
      clearInterval(watch)
    }
  }

  #open(url: URL, { guard }: AskOptions): void {
    guard?.assert(url)
    const isTls = url.protocol === 'https:'
    const host = url.hostname.replace(/^\[|\]$/g, '')
    const where: TcpNetConnectOpts = {
      host,
      port: Number(url.port || (isTls ? 443 : 80)),
      ...(guard && { lookup: guard.lookup }),
      onread: {
        buffer: () => this.#exchange?.target() ?? this.#scratch,
        callback: (count) => {
          this.#exchange?.received(count)
          return true
        },
      },
    }
    const socket = isTls
      ? connectTls({ ...where, ALPNProtocols: ['http/1.1'], ...(!isIP(host) && { servername: host }) })
      : connect(where)
    socket.setNoDelay(true)
    socket.on('error', (cause) => this.#lost(socket, cause))
    socket.on('end', () => this.#exchange?.ends())
    socket.on('close', () => this.#lost(socket))
    this.#socket = socket
    this.#origin = url.origin
  }

  #lost(socket: Socket, cause?: Error): void {
    if (this.#socket !== socket) return
    this.#socket = undefined
    this.#exchange?.fail(
      new BrokenAnswerError(cause?.message ?? 'the server closed the connection', { cause }),
    )
  }
}

function requestOf(url: URL, { method = 'GET', headers }: AskOptions): string {
  const lines = Object.entries({ host: url.host, ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `${method} ${url.pathname}${url.search} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** One request's answer as it arrives. */
class Exchange {
  readonly #onHead: AskOptions['onHead']
  readonly #hasBody: boolean
  readonly #scratch: Buffer
  readonly #end = Promise.withResolvers<void>()
  #state: 'head' | 'body' | 'ended' = 'head'
  #headBytes = 0
  #sink: BodySink | undefined
  #framing: BodyFraming | undefined
  #left = 0
  #progress = 0
  isUnanswered = true
  keepsConnection = false

  constructor({ onHead, method }: AskOptions, scratch: Buffer) {
    this.#onHead = onHead
    this.#hasBody = method !== 'HEAD'
    this.#scratch = scratch
    // It is awaited later, and must not count as unhandled until then.
    this.#end.promise.catch(() => {})
  }

  get ended(): Promise<void> {
    return this.#end.promise
  }

  /** Where the socket writes next. */
  target(): Buffer {
    if (this.#state === 'head') return this.#scratch.subarray(this.#headBytes)
    if (this.#state === 'ended' || this.#framing?.kind === 'chunked') return this.#scratch
    const target = this.#sink!.target()
    return target.length > this.#left ? target.subarray(0, this.#left) : target
  }

  received(count: number): void {
    this.isUnanswered = false
    this.#progress += count
    try {
      if (this.#state === 'head') this.#receiveHead(count)
      else if (this.#state === 'ended') this.keepsConnection = false
      else if (this.#framing!.kind === 'chunked') this.#unwrap(this.#scratch.subarray(0, count))
      else this.#deliver(count)
    } catch (error) {
      this.fail(error as Error)
    }
  }

  /** The server has ended the connection, which is the end of a body without a length. */
  ends(): void {
    if (this.#state === 'body' && this.#framing!.kind === 'close') this.#finish()
    else this.fail(new BrokenAnswerError('the answer broke off'))
  }

  fail(error: Error): void {
    this.#state = 'ended'
    this.#end.reject(error)
  }

  expectProgress(): void {
    if (this.#progress < minBytes && this.#state !== 'ended')
      this.fail(new BrokenAnswerError('the server sends too slowly'))
    this.#progress = 0
  }

  #receiveHead(count: number): void {
    this.#headBytes += count
    const received = this.#scratch.subarray(0, this.#headBytes)
    const end = received.indexOf('\r\n\r\n')
    if (end < 0) {
      if (this.#headBytes === this.#scratch.length) throw new BrokenAnswerError('its headers are too large')
      return
    }
    const head = parseHead(received.toString('latin1', 0, end))
    // The rest is copied, because the scratch memory is used again for chunks.
    const rest = Buffer.from(received.subarray(end + 4))
    this.#headBytes = 0
    if (head.status < 200) {
      rest.copy(this.#scratch)
      if (rest.length > 0) this.#receiveHead(rest.length)
      return
    }
    const sink = this.#onHead(head)
    if (sink === null) {
      this.keepsConnection = !this.#hasBody && head.keepsConnection && rest.length === 0
      this.#finish()
      return
    }
    this.#sink = sink
    this.#framing = head.framing
    this.#left = head.framing.kind === 'length' ? head.framing.bytes : Number.POSITIVE_INFINITY
    this.#state = 'body'
    this.keepsConnection = head.keepsConnection
    if (head.framing.kind === 'chunked') this.#unwrap(rest)
    else {
      if (rest.length > this.#left) this.keepsConnection = false
      this.#copy(rest.subarray(0, this.#left))
      if (this.#left === 0) this.#finish()
    }
  }

  #copy(bytes: Buffer): void {
    for (let at = 0; at < bytes.length && this.#state === 'body'; ) {
      const count = bytes.copy(this.#sink!.target(), 0, at)
      at += count
      this.#left -= count
      this.#sink!.filled(count)
    }
  }

  #deliver(count: number): void {
    this.#left -= count
    this.#sink!.filled(count)
    if (this.#left === 0) this.#finish()
  }

  #unwrap(bytes: Buffer): void {
    const framing = this.#framing!
    if (framing.kind !== 'chunked') return
    for (const piece of framing.decoder.decode(bytes)) this.#copy(piece)
    if (framing.decoder.isComplete) this.#finish()
  }

  #finish(): void {
    this.#state = 'ended'
    this.#end.resolve()
  }
}
