import { createServer, type RequestListener } from 'node:http'
import { createServer as createTcpServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { strangerHosts } from '../../session/stranger-host.ts'
import { type AskOptions, BrokenAnswerError, Connection } from './connection.ts'
import type { Head } from './head.ts'

async function withServer(
  answer: RequestListener,
  use: (url: URL, connections: () => number) => Promise<void>,
) {
  const server = createServer(answer)
  let connections = 0
  server.on('connection', () => connections++)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    await use(new URL(`http://127.0.0.1:${port}/`), () => connections)
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

async function withSocket(answer: (socket: Socket) => void, use: (url: URL) => Promise<void>) {
  const sockets = new Set<Socket>()
  const server = createTcpServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).once('data', () => answer(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  try {
    await use(new URL(`http://127.0.0.1:${port}/`))
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
  }
}

/** Collects bodies through a buffer of this size. */
function collector(size = 1000) {
  const chunks: Buffer[] = []
  const buffer = Buffer.alloc(size)
  const heads: Head[] = []
  const options: AskOptions = {
    headers: { 'accept-encoding': 'identity' },
    guard: null,
    onHead(head) {
      heads.push(head)
      return {
        target: () => buffer,
        filled: (count) => void chunks.push(Buffer.from(buffer.subarray(0, count))),
      }
    },
  }
  return { options, heads, text: () => Buffer.concat(chunks).toString() }
}

const long = 'x'.repeat(200_000)

test('reads bodies with a length, in chunks and to the end, over one connection where it can', async () => {
  const answers: RequestListener[] = [
    (_, response) => void response.writeHead(200, { 'content-length': long.length }).end(long),
    (_, response) => {
      response.write(long.slice(0, 70_001))
      response.end(long.slice(70_001))
    },
    (_, response) => void response.writeHead(200, { connection: 'close' }).end(long),
    (_, response) => void response.writeHead(204).end(),
  ]
  let asked = 0
  await withServer(
    (request, response) => answers[asked++]!(request, response),
    async (url, connections) => {
      using connection = new Connection()
      for (const expected of [long, long, long, '']) {
        const { options, text } = collector()
        await connection.ask(url, options)
        expect(text()).toBe(expected)
      }
      expect(connections()).toBe(2)
    },
  )
})

test('asks again when a connection that was kept open turns out to be closed', async () => {
  await withServer(
    (_, response) =>
      void response.writeHead(200, { 'content-length': 2 }).end('ok', () => response.socket?.destroySoon()),
    async (url) => {
      using connection = new Connection()
      for (let i = 0; i < 5; i++) {
        const { options, text } = collector()
        await connection.ask(url, options)
        expect(text()).toBe('ok')
      }
    },
  )
})

test.each([
  ['breaks off', 'HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nshort', true],
  ['sends headers without end', `HTTP/1.1 200 OK\r\n${'a: b\r\n'.repeat(20_000)}`, false],
  ['sends what is not HTTP', 'hello\r\n\r\n', true],
  ['sends drops', 'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\nx', false],
  ['says nothing', '', false],
])('gives up a server that %s', async (_how, text, ends) => {
  await withSocket(
    (socket) => (ends ? socket.end(text) : socket.write(text)),
    async (url) => {
      using connection = new Connection({ patienceMs: 50 })
      await expect(connection.ask(url, collector().options)).rejects.toThrow(/slowly|broke|headers|HTTP/)
    },
  )
})

test('passes on what the one who takes the body throws', async () => {
  await withServer(
    (_, response) => void response.end(long),
    async (url) => {
      using connection = new Connection()
      const onHead = () => {
        throw new RangeError('not this')
      }
      await expect(connection.ask(url, { ...collector().options, onHead })).rejects.toThrow(RangeError)
    },
  )
})

test('connects to nobody in this network if it is guarded', async () => {
  await withServer(
    (_, response) => void response.end('secret'),
    async (url, connections) => {
      using connection = new Connection()
      for (const host of ['127.0.0.1', '[::1]', '2130706433', 'localhost']) {
        const target = new URL(`http://${host}:${url.port}/`)
        const asked = connection.ask(target, { ...collector().options, guard: strangerHosts })
        await expect(asked).rejects.toThrow()
      }
      expect(connections()).toBe(0)
    },
  )
})

test('says that a server refuses connections', async () => {
  using connection = new Connection()
  await expect(connection.ask(new URL('http://127.0.0.1:1/'), collector().options)).rejects.toThrow(
    BrokenAnswerError,
  )
})
