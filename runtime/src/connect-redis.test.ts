import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { connectRedis } from './connect-redis.ts'

/** The first byte of a TLS handshake record; a plain Redis client begins with `*`. */
const handshake = 0x16

test('uses TLS from the first byte with servers, Sentinels and clusters of rediss', async () => {
  expect(await firstByte((at) => `rediss://user:secret@${at}`)).toBe(handshake)
  expect(await firstByte((at) => `rediss-sentinel://user:secret@${at}/main`)).toBe(handshake)
  expect(await firstByte((at) => `rediss-cluster://user:secret@${at}`)).toBe(handshake)
})

test('uses no TLS with redis', async () => {
  expect(await firstByte((at) => `redis://${at}`)).toBe('*'.charCodeAt(0))
  expect(await firstByte((at) => `redis-sentinel://${at}/main`)).toBe('*'.charCodeAt(0))
})

/** What a client of this URL sends first. */
async function firstByte(url: (address: string) => string): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { promise: heard, resolve } = Promise.withResolvers<number>()
  server.on('connection', (socket) => {
    socket.on('error', () => {})
    socket.once('data', (bytes) => {
      resolve(bytes[0]!)
      socket.destroy()
    })
  })
  const client = connectRedis(url(`127.0.0.1:${(server.address() as AddressInfo).port}`), {})
  client.on('error', () => {})
  try {
    return await heard
  } finally {
    client.disconnect()
    server.close()
  }
}
