import { once } from 'node:events'
import { type AddressInfo, connect } from 'node:net'
import express from 'express'
import { Registry } from 'prom-client'
import { expect, test } from 'vitest'
import { type HeldAnswerOptions, limitHeldAnswers } from './held-answers.ts'

// More than the buffers of a connection on this machine take.
const mb = 1_000_000
const shared = new Uint8Array(30 * mb)

/** Serves `/N`, an answer of N MB made for each request, and `/shared`, whose bytes all readers share. */
async function serve(options: Partial<HeldAnswerOptions> = {}) {
  const registry = new Registry()
  const app = express().set('trust proxy', 'loopback').set('etag', false)
  app.use(limitHeldAnswers({ own: { includes: () => false }, registry, ...options }))
  app.get('/shared', (_req, res) => void res.send(Buffer.from(shared.buffer)))
  app.get(
    '/:size',
    (req, res) => void res.send(Buffer.from(new Uint8Array(Number(req.params.size) * mb).buffer)),
  )
  const server = app.listen(0)
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const metric = async (name: string) => {
    const line = (await registry.metrics()).split('\n').find((text) => text.startsWith(name))
    return Number(line?.split(' ').at(-1) ?? 0)
  }
  return {
    /** Asks, reads the head of the answer, and then no more. */
    async stall(path: string, address: string) {
      const socket = connect(port, '127.0.0.1')
      socket.on('error', () => {})
      socket.write(`GET ${path} HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: ${address}\r\n\r\n`)
      const [head] = (await once(socket, 'data')) as [Buffer]
      socket.pause()
      return { socket, status: Number(/ (\d+)/.exec(head.toString('latin1'))?.[1]) }
    },
    async read(path: string, address: string) {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        headers: { 'x-forwarded-for': address },
      })
      const { length } = Buffer.from(await response.arrayBuffer())
      return { status: response.status, retryAfter: response.headers.get('retry-after'), length }
    },
    heldBytes: () => metric('holdfast_http_answer_bytes'),
    metric,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

const [one, two, three] = ['198.51.100.1', '198.51.100.2', '198.51.100.3'] as const

test('an address that does not read what it gets is refused more, and others are not', async () => {
  await using server = await serve({ bytesPerAddress: 50 * mb })
  expect((await server.stall('/30', one)).status).toBe(200)
  expect(await server.read('/30', one)).toMatchObject({ status: 429, retryAfter: '30' })
  expect(await server.read('/30', two)).toMatchObject({ status: 200, length: 30 * mb })
})

test('an address gets a single answer of any size', async () => {
  await using server = await serve({ bytesPerAddress: mb })
  expect(await server.read('/30', one)).toMatchObject({ status: 200, length: 30 * mb })
})

test('one copy counts once, however many stalled readers it has', async () => {
  await using server = await serve({ bytesPerAddress: 50 * mb, bytesInAll: 50 * mb })
  for (let n = 0; n < 5; n++) expect((await server.stall('/shared', one)).status).toBe(200)
  expect(await server.heldBytes()).toBe(30 * mb)
})

test('who holds the most gives way to others, the first answer first', async () => {
  await using server = await serve({ bytesPerAddress: 100 * mb, bytesInAll: 80 * mb })
  const first = await server.stall('/30', one)
  const second = await server.stall('/30', one)
  const lost = once(first.socket.resume(), 'close')
  expect((await server.stall('/25', two)).status).toBe(200)
  await lost
  expect(second.socket.destroyed).toBe(false)
  expect(await server.read('/1', three)).toMatchObject({ status: 200 })
  expect(await server.metric('holdfast_http_answers_refused_total{reason="overtaken"}')).toBe(1)
})

test('who would hold the most is refused, when too much is held in all', async () => {
  await using server = await serve({ bytesPerAddress: 100 * mb, bytesInAll: 50 * mb })
  await server.stall('/30', one)
  expect(await server.read('/40', two)).toMatchObject({ status: 503, retryAfter: '30' })
})

test('a reader that stalls is disconnected, and its answer is let go', async () => {
  await using server = await serve({ stallMs: 300 })
  const { socket } = await server.stall('/30', one)
  expect(await server.heldBytes()).toBe(30 * mb)
  await expect.poll(server.heldBytes, { timeout: 10_000 }).toBe(0)
  await once(socket.resume(), 'close')
})

test('a reader that reads a little now and then is disconnected after a time', async () => {
  await using server = await serve({ stallMs: 500, bytesPerSecond: 60 * mb })
  const { socket } = await server.stall('/30', one)
  const sipping = setInterval(() => socket.read(1_000), 50)
  await expect.poll(server.heldBytes, { timeout: 10_000 }).toBe(0)
  clearInterval(sipping)
})
