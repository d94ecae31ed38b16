import { createHash, randomBytes } from 'node:crypto'
import { connect as connectTcp, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { createMessageReader, WebSocketProtocolError } from './message-reader.ts'

/** One connection that only receives, into one buffer that is reused. */
export interface ReceiveStream {
  pause(): void
  resume(): void
  readonly paused: boolean
  ping(): void
  /** Closes the connection at once. */
  terminate(): void
}

export interface ReceiveOptions {
  /** `ws://` or `wss://`. */
  readonly url: URL
  readonly userAgent: string
  readonly maxMessageBytes: number
  readonly handshakeTimeoutMs: number
  readonly onOpen: () => void
  /** Called with each message; the bytes are overwritten once this returns. */
  readonly onMessage: (bytes: Uint8Array) => void
  readonly onPong: () => void
  /** Called once when the connection has ended, with the reason. */
  readonly onEnd: (why: string) => void
}

const readBytes = 256 * 1024
const maxHandshakeBytes = 16_384
const guid = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11'
const pingFrame = 9
const pong = 10
const close = 8

/**
 * A WebSocket client (RFC 6455) with only what a firehose needs: it receives binary messages, without extensions. A general
 * client copies each message and emits an event for it, which at a hundred thousand messages a second is most of the cost.
 */
export function receiveStream(options: ReceiveOptions): ReceiveStream {
  const { url } = options
  const key = randomBytes(16).toString('base64')
  let paused = false
  let ended = false
  let open = false
  let answer: Buffer = Buffer.alloc(0)

  const end = (why: string) => {
    if (ended) return
    ended = true
    clearTimeout(timer)
    socket.destroy()
    options.onEnd(why)
  }
  const reader = createMessageReader(
    {
      onMessage: options.onMessage,
      onPing: (payload) => send(pong, payload),
      onPong: options.onPong,
      onClose: (code, reason) => {
        send(close, new Uint8Array())
        end(`closed with ${code}${reason ? `, ${reason}` : ''}`)
      },
    },
    options.maxMessageBytes,
  )
  /** Reads the HTTP answer. Returns the bytes after it; undefined while it is incomplete, or when it refuses. */
  const shakeHands = (chunk: Uint8Array): Uint8Array | undefined => {
    answer = Buffer.concat([answer, chunk])
    const headEnd = answer.indexOf('\r\n\r\n')
    if (headEnd < 0) {
      if (answer.length > maxHandshakeBytes) end('the answer to the handshake is too long')
      return undefined
    }
    const refusal = checkHandshake(answer.toString('latin1', 0, headEnd), key)
    if (refusal) {
      end(refusal)
      return undefined
    }
    open = true
    clearTimeout(timer)
    options.onOpen()
    return answer.subarray(headEnd + 4)
  }
  const take = (chunk: Uint8Array): void => {
    const bytes = open ? chunk : shakeHands(chunk)
    try {
      if (bytes) reader.push(bytes)
    } catch (error) {
      if (error instanceof WebSocketProtocolError)
        send(close, Buffer.from([error.code >> 8, error.code & 0xff]))
      end(error instanceof Error ? error.message : String(error))
    }
  }
  const buffer = Buffer.alloc(readBytes)
  const onread = {
    buffer,
    callback: (length: number, bytes: Uint8Array) => {
      take(bytes.subarray(0, length))
      return !paused
    },
  }
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const socket: Socket =
    url.protocol === 'wss:'
      ? connectTls({
          host,
          port: Number(url.port || 443),
          servername: host,
          ALPNProtocols: ['http/1.1'],
          onread,
        } as never)
      : connectTcp({ host, port: Number(url.port || 80), onread })
  const send = (opcode: number, payload: Uint8Array) => {
    if (!socket.destroyed) socket.write(maskedFrame(opcode, payload))
  }
  const timer = setTimeout(() => end('no answer to the handshake'), options.handshakeTimeoutMs)
  socket.setNoDelay(true)
  socket.on('error', (error) => end(error.message))
  socket.on('end', () => end('the host hung up'))
  socket.on('close', () => end('the host hung up'))
  socket.write(requestHead(url, key, options.userAgent))
  return {
    pause() {
      paused = true
      socket.pause()
    },
    resume() {
      if (!paused) return
      paused = false
      socket.resume()
    },
    get paused() {
      return paused
    },
    ping: () => send(pingFrame, new Uint8Array()),
    terminate: () => end('hung up by us'),
  }
}

function requestHead(url: URL, key: string, userAgent: string): string {
  return [
    `GET ${url.pathname}${url.search} HTTP/1.1`,
    `Host: ${url.host}`,
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    `Sec-WebSocket-Key: ${key}`,
    `User-Agent: ${userAgent}`,
    '\r\n',
  ].join('\r\n')
}

/** Returns what is wrong with the server's answer; undefined when it accepted the upgrade. */
function checkHandshake(head: string, key: string): string | undefined {
  const [statusLine = '', ...lines] = head.split('\r\n')
  const status = /^HTTP\/1\.1 (\d{3})/.exec(statusLine)?.[1]
  if (status !== '101') return `the host answered the handshake with status ${status ?? 'none'}`
  const headers = new Map(
    lines.map((line) => [
      line.slice(0, line.indexOf(':')).toLowerCase(),
      line.slice(line.indexOf(':') + 1).trim(),
    ]),
  )
  const expected = createHash('sha1')
    .update(key + guid)
    .digest('base64')
  if (headers.get('sec-websocket-accept') !== expected) return 'the host did not understand the handshake'
  if (headers.get('sec-websocket-extensions')) return 'the host insists on an extension'
  return undefined
}

/** Makes a short client frame, which must be masked (RFC 6455 §5.3). */
function maskedFrame(opcode: number, payload: Uint8Array): Buffer {
  const mask = randomBytes(4)
  const body = Buffer.from(payload)
  for (let i = 0; i < body.length; i++) body[i]! ^= mask[i & 3]!
  return Buffer.concat([Buffer.from([0x80 | opcode, 0x80 | body.length]), mask, body])
}
