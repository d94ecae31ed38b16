import { once } from 'node:events'
import { connect } from 'node:net'
import { pino } from 'pino'
import { expect, test, vi } from 'vitest'
import { ownAllowList } from '../allow-list/source.ts'
import { loadConfig } from '../config.ts'
import { startTracker } from '../main.ts'

const infoHashV1 = '0123456789abcdef0123456789abcdef01234567'
const small = { port: 0, udpPort: 0, host: '127.0.0.1', memoryBytes: 1 << 24, maxTorrents: 1000 }
const config = { ...loadConfig({}), ...small }
const parts = { allowList: ownAllowList([{ infoHashV1 }]), log: pino({ level: 'silent' }) }
const query = `info_hash=${infoHashV1.replace(/../g, '%$&')}&peer_id=-XX0001-abcdefghijkl&left=1`

/** Sends `text` on one connection, and returns what was received until it was closed. */
async function exchange(port: number, ...texts: string[]): Promise<string> {
  const socket = connect(port, '127.0.0.1')
  let answer = ''
  socket.on('data', (data) => {
    answer += String(data)
  })
  socket.on('error', () => {})
  const closed = new Promise((resolve) => socket.once('close', resolve))
  for (const [turn, text] of texts.entries()) {
    socket.write(text)
    if (turn < texts.length - 1) await once(socket, 'data')
  }
  await closed
  return answer
}

const smuggled = `GET /announce?${query}&port=6666 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`
const begin = `GET /announce?${query}&port=1000 HTTP/1.1\r\nHost: x\r\n`

test.each([
  `Content-Length : ${smuggled.length}\r\n`,
  `X: y\r\n Content-Length: ${smuggled.length}\r\n`,
  `X: y\nContent-Length: ${smuggled.length}\r\n`,
  `Content-Length: ${smuggled.length}\r\nContent-Length: 0\r\n`,
  `Content-Length: 0\r\nContent-Length: ${smuggled.length}\r\n`,
  `Content-Length\t: ${smuggled.length}\r\n`,
  'Transfer-Encoding : chunked\r\n',
  `Content-Length: \v${smuggled.length}\r\n`,
  `Content-Length: ${smuggled.length}\r\n`,
])('does not read the body of a request with %j as a second request', async (fields) => {
  await using tracker = await startTracker(config, parts)
  await exchange(tracker.port, `${begin}Connection: close\r\n${fields}\r\n${smuggled}`)
  const swarms = await (await fetch(`http://127.0.0.1:${tracker.port}/swarms`)).json()
  expect([{ swarms: [] }, { swarms: [[[infoHashV1], 0, 1, 0]] }]).toContainEqual(swarms)
})

test('reads no request after the last one of a connection', async () => {
  await using tracker = await startTracker(config, parts)
  expect(await exchange(tracker.port, `${begin}Connection: close\r\n\r\n`, smuggled)).toContain(
    'incompletei1e',
  )
  const swarms = await (await fetch(`http://127.0.0.1:${tracker.port}/swarms`)).json()
  expect(swarms).toEqual({ swarms: [[[infoHashV1], 0, 1, 0]] })
})

test('reads one request from a proxy’s connection, itself or through node:http', async () => {
  await using tracker = await startTracker({ ...config, trustedProxies: ['127.0.0.1'] }, parts)
  const forwarded = 'X-Forwarded-For: 1.2.3.4\r\n'
  for (const first of [
    `${begin}${forwarded}\r\n`,
    `${begin}${forwarded}Accept-Language: \u00ff\r\n\r\n`,
    `GET / HTTP/1.1\r\nHost: x\r\n${forwarded}\r\n`,
  ]) {
    const second = smuggled.replace('Connection', `${forwarded}Connection`)
    const answer = await exchange(tracker.port, first + second)
    expect((answer.match(/HTTP\/1\.1 200/g) ?? []).length).toBeLessThanOrEqual(1)
  }
  const headers = { 'X-Forwarded-For': '1.2.3.5' }
  const answer = await fetch(`http://127.0.0.1:${tracker.port}/announce?${query}&port=1`, { headers })
  expect(await answer.text()).toContain('5:peers6:')
})

test('reads no more requests from a client that does not read its answers', async () => {
  await using tracker = await startTracker(config, parts)
  const socket = connect(tracker.port, '127.0.0.1')
  socket.on('error', () => {})
  socket.pause()
  const requests =
    `GET /scrape?info_hash=${infoHashV1.replace(/../g, '%$&')} HTTP/1.1\r\nHost: x\r\n\r\n`.repeat(500)
  // Enough to fill the kernel's buffers on both sides; anything more would take memory of the tracker.
  const scrapes = async (): Promise<number> => {
    const text = await (await fetch(`http://127.0.0.1:${tracker.port}/metrics`)).text()
    return Number(/transport="http",outcome="scrape"} (\d+)/.exec(text)![1])
  }
  while (socket.writableLength < 32 << 20) socket.write(requests)
  let before = -1
  await vi.waitFor(
    async () => {
      const now = await scrapes()
      const stands = now === before && now > 0
      before = now
      expect(stands).toBe(true)
    },
    { timeout: 10_000, interval: 200 },
  )
  expect(socket.writableLength).toBeGreaterThan(0)
  let read = ''
  socket.on('data', (data) => {
    read += String(data)
    if (read.length > 1000) socket.destroy()
  })
  socket.resume()
  await once(socket, 'close')
  expect(read).toContain('5:filesd20:')
})
