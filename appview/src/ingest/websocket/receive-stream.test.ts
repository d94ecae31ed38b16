import { hash } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createMessageReader, WebSocketProtocolError } from './message-reader.ts'
import { type ReceiveStream, receiveStream } from './receive-stream.ts'

test('assembles messages from any fragments and chunks, with pings in between', () => {
  const message = fc.record({
    bytes: fc.oneof(fc.nat(300), fc.nat(70_000)).map((length) => Buffer.alloc(length, `${length} bytes `)),
    cuts: fc.array(fc.nat(70_000), { maxLength: 3 }),
    ping: fc.boolean(),
  })
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 6 }),
      fc.infiniteStream(fc.integer({ min: 1, max: 9_000 })),
      (messages, sizes) => {
        const received: Buffer[] = []
        let pings = 0
        const reader = createMessageReader(
          {
            onMessage: (bytes) => received.push(Buffer.from(bytes)),
            onPing: () => pings++,
            onPong() {},
            onClose() {},
          },
          100_000,
        )
        const wire = Buffer.concat(messages.flatMap(({ bytes, cuts, ping }) => framesOf(bytes, cuts, ping)))
        const lent = Buffer.alloc(9_000)
        for (let at = 0; at < wire.length; ) {
          const size = sizes.next().value!
          const chunk = lent.subarray(0, wire.copy(lent, 0, at, Math.min(at + size, wire.length)))
          reader.push(chunk)
          lent.fill(0xee)
          at += size
        }
        expect(received.map(digest)).toEqual(messages.map(({ bytes }) => digest(bytes)))
        expect(pings).toBe(messages.filter(({ ping }) => ping).length)
      },
    ),
    { numRuns: 150, interruptAfterTimeLimit: 20_000 },
  )
})

test.each([
  ['a masked frame', '8280aabbccdd', 1002],
  ['an extension', 'c200', 1002],
  ['a text', '8100', 1003],
  ['an unknown control frame', '8b00', 1002],
  ['a fragmented ping', '0900', 1002],
  ['a long ping', '897e0100', 1002],
  ['a continuation of nothing', '8000', 1002],
  ['a message within a message', '02008200', 1002],
  ['a length beyond the limit', '827f0000000100000000', 1009],
  ['fragments beyond the limit', `027e03e8${'00'.repeat(1_000)}007e03e8${'00'.repeat(1_000)}`, 1009],
])('%s is a protocol error', (_what, hex, code) => {
  const reader = createMessageReader({ onMessage() {}, onPing() {}, onPong() {}, onClose() {} }, 1_500)
  const error = catchError(() => reader.push(Buffer.from(hex, 'hex')))
  expect(error).toBeInstanceOf(WebSocketProtocolError)
  expect((error as WebSocketProtocolError).code).toBe(code)
})

test('reads from a real server, pauses it, answers pings and reports the close', async () => {
  await using server = await serve()
  const received: string[] = []
  const { promise: ended, resolve: onEnd } = Promise.withResolvers<string>()
  const { promise: ponged, resolve: onPong } = Promise.withResolvers<void>()
  const stream = open(server.url, {
    onMessage: (bytes) => received.push(Buffer.from(bytes).toString()),
    onEnd,
    onPong,
  })
  const socket = await server.socket
  socket.send(Buffer.from('first'))
  await expect.poll(() => received).toEqual(['first'])
  stream.pause()
  const sent = Array.from({ length: 2_000 }, (_, n) => `${n}`.padEnd(5_000, '.'))
  for (const text of sent) socket.send(Buffer.from(text))
  await expect.poll(() => socket.bufferedAmount).toBeGreaterThan(1_000_000)
  expect(received.length).toBeLessThan(1_000)
  stream.resume()
  await expect.poll(() => received.length).toBe(2_001)
  expect(received.slice(1)).toEqual(sent)
  stream.ping()
  await ponged
  const answered = new Promise((resolve) => socket.once('pong', resolve))
  socket.ping('are you there')
  expect(String(await answered)).toBe('are you there')
  socket.close(1013, 'try again later')
  expect(await ended).toBe('closed with 1013, try again later')
})

test('distinguishes a server that refuses from one that is not there', async () => {
  const refusing = createServer((_request, response) => response.writeHead(404).end())
  await new Promise<void>((resolve) => refusing.listen(0, '127.0.0.1', resolve))
  const { port } = refusing.address() as AddressInfo
  const url = `ws://127.0.0.1:${port}/`
  expect(await new Promise((onEnd) => open(url, { onEnd }))).toMatch(/status 404/)
  refusing.close()
  expect(await new Promise((onEnd) => open('ws://127.0.0.1:9/', { onEnd }))).toMatch(/ECONNREFUSED/)
})

const digest = (bytes: Uint8Array) => hash('sha1', bytes)

function open(url: string, options: Partial<Parameters<typeof receiveStream>[0]>): ReceiveStream {
  return receiveStream({
    url: new URL(url),
    userAgent: 'test',
    maxMessageBytes: 1_000_000,
    handshakeTimeoutMs: 5_000,
    onOpen() {},
    onMessage() {},
    onPong() {},
    onEnd() {},
    ...options,
  })
}

async function serve(): Promise<AsyncDisposable & { url: string; socket: Promise<WebSocket> }> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const socket = new Promise<WebSocket>((resolve) => server.once('connection', resolve))
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/stream?cursor=0`,
    socket,
    async [Symbol.asyncDispose]() {
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function framesOf(bytes: Uint8Array, cuts: readonly number[], ping: boolean): Buffer[] {
  const ends = [...cuts.map((cut) => Math.min(cut, bytes.length)).sort((a, b) => a - b), bytes.length]
  let from = 0
  return ends.flatMap((end, index) => {
    const final = index === ends.length - 1
    const frame = frameOf((final ? 0x80 : 0) | (index === 0 ? 2 : 0), bytes.subarray(from, end))
    from = end
    return ping && index === 0 ? [frame, frameOf(0x89, Buffer.from('hi'))] : [frame]
  })
}

function frameOf(first: number, payload: Uint8Array): Buffer {
  const head =
    payload.length < 126
      ? [payload.length]
      : payload.length < 65_536
        ? [126, payload.length >> 8, payload.length & 255]
        : [127, 0, 0, 0, 0, 0, payload.length >> 16, (payload.length >> 8) & 255, payload.length & 255]
  return Buffer.concat([Buffer.from([first, ...head]), payload])
}

function catchError(action: () => void): unknown {
  try {
    action()
  } catch (error) {
    return error
  }
  return undefined
}
