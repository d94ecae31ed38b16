import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import type { Catalog } from '../../store/open.ts'
import { type Broadcast, startBroadcast } from './broadcast.ts'
import { runConnection } from './connection.ts'
import type { StreamEntry } from './recent.ts'

/** A stream of a gigabyte, which is made while it is read. */
const entry = (seq: number): StreamEntry => ({
  seq,
  frame: frames,
  key: String(seq),
  purges: false,
  facts: { always: true },
})
const frames = Buffer.concat([Buffer.from([0x82, 126, 0xff, 0x00]), Buffer.alloc(0xff00)])
const last = 16_000

let server: Server
let broadcast: Broadcast
let ended: (error: unknown) => void
let outcome: Promise<unknown>
beforeAll(async () => {
  const catalog = { listen: async () => ({ [Symbol.asyncDispose]: async () => {} }) } as unknown as Catalog
  broadcast = await startBroadcast({
    catalog,
    onError: () => {},
    source: {
      channel: 'x',
      head: async () => ({ seq: last, epoch: 'one' }),
      prunedTo: async () => 0,
      read: async (after) =>
        Array.from({ length: Math.min(20, last - after) }, (_, i) => entry(after + 1 + i)),
    },
  })
  outcome = new Promise((resolve) => {
    ended = resolve
  })
  server = createServer()
  const wss = new WebSocketServer({ server })
  wss.on('connection', (ws, req) => {
    const stop = new AbortController()
    ws.on('close', () => stop.abort())
    const options = {
      ws,
      socket: req.socket,
      signal: stop.signal,
      cursor: 0,
      epoch: undefined,
      filter: undefined,
      stallMs: 200,
    }
    runConnection(broadcast, options).then(() => ended('closed'), ended)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
})
afterAll(async () => {
  server.closeAllConnections()
  server.close()
  await broadcast[Symbol.asyncDispose]()
})

test('disconnects a client that does not read, with a named error and little memory', async () => {
  const before = process.memoryUsage().rss
  const ws = new WebSocket(`ws://127.0.0.1:${(server.address() as AddressInfo).port}`)
  await new Promise((resolve) => ws.once('open', resolve))
  ws.pause()
  expect(await outcome).toMatchObject({ errorName: 'ConsumerTooSlow' })
  expect(process.memoryUsage().rss - before).toBeLessThan(100e6)
  ws.terminate()
})
