import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import TrackerServer from 'bittorrent-tracker/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { createGuardedFetch } from '../../outbound/guarded-fetch.ts'
import { createNames, type Names } from '../../outbound/names.ts'
import { readScrape } from './http-scrape.ts'
import { scrape } from './scrape.ts'
import type { Scraping } from './scrape-answer.ts'
import { normalizeTracker, scrapeUrl } from './tracker-url.ts'

const seeded = 'f00dfeedc0ffee99'.padEnd(40, '8')
const unknown = '0123456789abcdef'.padEnd(40, '7')
const scraping: Scraping = {
  fetch: createGuardedFetch({ allowPrivateHosts: true }),
  allowPrivateHosts: true,
  signal: new AbortController().signal,
  timeoutMs: 5_000,
}

describe('bittorrent-tracker’s server as a third party’s tracker', () => {
  const server = new TrackerServer({ udp: true, http: true, ws: true, stats: false })
  const portOf = (part: { address(): unknown }) => (part.address() as AddressInfo).port
  beforeAll(async () => {
    server.listen(0, { http: '127.0.0.1', udp: '127.0.0.1', udp6: '::1' })
    await once(server, 'listening')
    for (const [peer, left] of [
      ['1', 0],
      ['2', 0],
      ['3', 5],
    ] as const) {
      const query = `info_hash=${seeded.replaceAll(/../g, '%$&')}&peer_id=${peer.repeat(20)}&port=688${peer}&left=${left}&event=started`
      await fetch(`http://127.0.0.1:${portOf(server.http)}/announce?${query}`)
    }
  })
  afterAll(() => new Promise<void>((resolve) => server.close(() => resolve())))

  test.each([
    ['http', () => `http://127.0.0.1:${portOf(server.http)}/announce`],
    ['udp', () => `udp://127.0.0.1:${portOf(server.udp)}/announce`],
    ['WebSocket', () => `ws://127.0.0.1:${portOf(server.http)}`],
    ['WebSocket, by the name of its host', () => `ws://localhost:${portOf(server.http)}/`],
  ])('is scraped by %s', async (_, url) => {
    const { counts } = await scrape(url(), [seeded, unknown], scraping)
    expect(counts.get(seeded)).toMatchObject({ seeders: 2, leechers: 1 })
    expect(counts.get(unknown) ?? { seeders: 0 }).toMatchObject({ seeders: 0 })
  })
})

describe('hostile answers', () => {
  const answer = (text: string) => readScrape(Buffer.from(text, 'latin1'), [seeded])
  const entry = (body: string) => `d5:filesd20:${Buffer.from(seeded, 'hex').toString('latin1')}${body}ee`

  test('limits counts to possible values', () => {
    expect(answer(entry('d8:completei99999999999999999999e10:incompletei-5ee')).counts.get(seeded)).toEqual({
      seeders: 1_000_000,
      leechers: 0,
      completed: null,
    })
    expect(answer(entry('d8:complete3:abce')).counts.get(seeded)).toMatchObject({ seeders: 0 })
  })
  test.each([
    ['', /not bencode/],
    ['li1ee', /not a bencoded dictionary/],
    ['de', /no "files"/],
    ['d14:failure reason7:go awaye', /refuses: go away/],
    [`d14:failure reason9999:${'x'.repeat(9999)}e`, /^the tracker refuses: x{300}$/],
    [`${'l'.repeat(5000)}${'e'.repeat(5000)}`, /nested deeper/],
  ])('reports %.20s as an error', (text, message) => {
    expect(() => answer(text)).toThrow(message)
  })
  test('pauses for at most a day, whatever a tracker asks for', () => {
    expect(answer('d5:filesde5:flagsd20:min_request_intervali900eee').waitMs).toBe(900_000)
    expect(answer('d5:filesde5:flagsd20:min_request_intervali99999999eee').waitMs).toBe(86_400_000)
  })
  test('cuts off an endless answer', async () => {
    const endless = createServer((_, response) => {
      const write = () => response.write('x'.repeat(65_536), () => response.destroyed || write())
      write()
    })
    endless.listen(0, '127.0.0.1')
    await once(endless, 'listening')
    const url = `http://127.0.0.1:${(endless.address() as AddressInfo).port}/announce`
    await expect(scrape(url, [seeded], scraping)).rejects.toThrow(/more than the 256000 bytes/)
    endless.closeAllConnections()
    endless.close()
  })
})

describe('hostile UDP trackers', () => {
  const onTracker = async (answer: (packet: Buffer) => Buffer, timeoutMs = 5_000) => {
    const socket: Socket = createSocket('udp4')
    socket.bind(0, '127.0.0.1')
    await once(socket, 'listening')
    socket.on('message', (packet, from) => socket.send(answer(packet), from.port, from.address))
    try {
      return await scrape(`udp://127.0.0.1:${socket.address().port}`, [seeded], { ...scraping, timeoutMs })
    } finally {
      socket.close()
    }
  }
  const head = (action: number, packet: Buffer, rest = Buffer.alloc(8)) => {
    const start = Buffer.alloc(8)
    start.writeUInt32BE(action, 0)
    packet.copy(start, 4, 12, 16)
    return Buffer.concat([start, rest])
  }

  test('reports a refusal with its reason', async () => {
    await expect(onTracker((packet) => head(3, packet, Buffer.from('not here')))).rejects.toThrow(
      /refuses: not here/,
    )
  })
  test('rejects an answer that is too short or to another action', async () => {
    const short = onTracker((packet) => (packet.length === 16 ? head(0, packet) : head(2, packet)))
    await expect(short).rejects.toThrow(/broken answer/)
    await expect(onTracker((packet) => head(1, packet))).rejects.toThrow(/broken answer/)
  })
  test('ignores an answer to another request', async () => {
    const forged = onTracker((packet) => head(0, Buffer.alloc(packet.length)), 300)
    await expect(forged).rejects.toThrow(/no answer in 300 ms/)
  })
  test('limits counts to possible values', async () => {
    const { counts } = await onTracker((packet) =>
      packet.length === 16 ? head(0, packet) : head(2, packet, Buffer.alloc(12, 0xff)),
    )
    expect(counts.get(seeded)).toEqual({ seeders: 1_000_000, leechers: 1_000_000, completed: 1_000_000_000 })
  })
  test('does not connect to private addresses', async () => {
    const guarded = { ...scraping, allowPrivateHosts: false }
    for (const host of [
      '127.0.0.1',
      '[::1]',
      '[::ffff:10.0.0.1]',
      '0x7f.1',
      'localhost',
      'tracker.localhost',
      '169.254.169.254',
    ])
      await expect(scrape(`udp://${host}:6969`, [seeded], guarded)).rejects.toThrow(/not a public/)
  })
})

describe('hostile WebSocket trackers', () => {
  const onTracker = async (
    serve: (connection: WebSocket, question: string) => void,
    { timeoutMs = 5_000, names = [seeded] } = {},
  ) => {
    await using server = await startWebSocketServer()
    server.on('connection', (connection) =>
      connection.on('message', (question) => serve(connection, String(question))),
    )
    return await scrape(server.url, names, { ...scraping, timeoutMs }).finally(() => server.left())
  }
  const saying = (answer: string) => onTracker((connection) => connection.send(answer))
  const name = Buffer.from(seeded, 'hex').toString('latin1')
  const counting = (counts: unknown) => JSON.stringify({ action: 'scrape', files: { [name]: counts } })

  test('asks about all infohashes at once and leaves absent ones out', async () => {
    const asked: unknown[] = []
    const { counts } = await onTracker(
      (connection, question) => {
        asked.push(JSON.parse(question))
        connection.send(counting({ complete: 3, incomplete: 1, downloaded: 9 }))
      },
      { names: [seeded, unknown] },
    )
    const names = [name, Buffer.from(unknown, 'hex').toString('latin1')]
    expect(asked).toEqual([{ action: 'scrape', info_hash: names }])
    expect([...counts]).toEqual([[seeded, { seeders: 3, leechers: 1, completed: 9 }]])
  })
  test('accepts an answer without any torrent', async () => {
    expect(await saying('{"action":"scrape","files":{}}')).toEqual({ counts: new Map() })
  })
  test('limits counts to possible values', async () => {
    const { counts } = await saying(counting({ complete: 1e300, incomplete: -5, downloaded: 'many' }))
    expect(counts.get(seeded)).toEqual({ seeders: 1_000_000, leechers: 0, completed: null })
    const none = await saying(counting({ complete: ['7'], incomplete: null }))
    expect(none.counts.get(seeded)).toEqual({ seeders: 0, leechers: 0, completed: null })
  })
  test('ignores torrents that it did not ask about', async () => {
    const other = '{"complete":5,"infoHash":"x"}'
    for (const key of ['x', '', '\u2603', '__proto__', name.slice(1)])
      expect(await saying(`{"action":"scrape","files":{${JSON.stringify(key)}:${other}}}`)).toEqual({
        counts: new Map(),
      })
  })
  test('pauses for at most a day, whatever a tracker asks for', async () => {
    const pause = (flags: unknown) => saying(JSON.stringify({ action: 'scrape', files: {}, flags }))
    expect(await pause({ min_request_interval: 900 })).toMatchObject({ waitMs: 900_000 })
    expect(await pause({ min_request_interval: 1e12 })).toMatchObject({ waitMs: 86_400_000 })
    expect(await pause({ min_request_interval: '5' })).not.toHaveProperty('waitMs')
  })
  test.each([
    ['null', /not a JSON object/],
    ['5', /not a JSON object/],
    ['[]', /not a JSON object/],
    ['', /not JSON/],
    ['['.repeat(60_000), /not JSON/],
    ['{}', /something else than a scrape/],
    ['{"action":"announce","info_hash":"","offer":{},"peer_id":"x","interval":1}', /something else/],
    ['{"action":"announce","answer":{},"peer_id":"x","offer_id":5}', /something else/],
    ['{"action":"scrape"}', /no "files"/],
    ['{"action":"scrape","files":[1]}', /no "files"/],
    ['{"action":"scrape","files":{"x":null}}', /no "files"/],
    ['{"action":"scrape","failure reason":"go away"}', /refuses: go away/],
    [`{"failure reason":"${'x'.repeat(9_999)}"}`, /^the tracker refuses: x{300}$/],
    ['x'.repeat(70_000), /payload size/],
  ])('reports %.40s as an error', async (answer, message) => {
    await expect(saying(answer)).rejects.toThrow(message)
  })
  test('rejects bytes that are not text', async () => {
    await expect(onTracker((connection) => connection.send(Buffer.alloc(9, 0xff)))).rejects.toThrow(
      /not JSON/,
    )
  })
  test('rejects bytes that are not a frame', async () => {
    const broken = onTracker((connection) => {
      ;(connection as unknown as { _socket: Socket & { write(bytes: Buffer): void } })._socket.write(
        Buffer.alloc(64, 0xff),
      )
    })
    await expect(broken).rejects.toThrow(/Invalid WebSocket frame/)
  })
  test('rejects a tracker that sends no answer', async () => {
    await expect(onTracker(() => {}, { timeoutMs: 300 })).rejects.toThrow(/no answer in 300 ms/)
  })
  test('rejects a tracker that sends only pings', async () => {
    const pinging = onTracker((connection) => {
      for (let i = 0; i < 20; i++) connection.ping()
    })
    await expect(pinging).rejects.toThrow(/pings and no answer/)
  })
  test('rejects a tracker that closes the connection', async () => {
    await expect(onTracker((connection) => connection.close())).rejects.toThrow(/closed the connection/)
  })
  test('cuts off an endless message', async () => {
    const endless = onTracker((connection) => {
      const write = () => connection.send('x'.repeat(1_000), { fin: false }, (error) => error || write())
      write()
    })
    await expect(endless).rejects.toThrow(/payload size/)
  })
  test('does not follow a redirect, and reports the pause that a server asks for', async () => {
    let visits = 0
    const elsewhere = createServer((_, response) => {
      visits++
      response.end()
    })
    elsewhere.on('upgrade', (_, socket) => {
      visits++
      socket.destroy()
    })
    const busy = createServer()
    for (const server of [elsewhere, busy]) {
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
    }
    const portOf = (server: typeof busy) => (server.address() as AddressInfo).port
    const answers = [
      `302 Found\r\nlocation: ws://127.0.0.1:${portOf(elsewhere)}/`,
      '429 Too Many Requests\r\nretry-after: 90',
    ]
    busy.on('upgrade', (_, socket) => socket.end(`HTTP/1.1 ${answers.shift()}\r\ncontent-length: 0\r\n\r\n`))
    const url = `ws://127.0.0.1:${portOf(busy)}/`
    await expect(scrape(url, [seeded], scraping)).rejects.toThrow(/status 302/)
    await expect(scrape(url, [seeded], scraping)).rejects.toMatchObject({ status: 429, retryAfterMs: 90_000 })
    expect(visits).toBe(0)
    elsewhere.close()
    busy.close()
  })
  test('connects to no private address and to no name that leads to one', async () => {
    await using server = await startWebSocketServer()
    let connections = 0
    server.on('connection', () => connections++)
    const port = new URL(server.url).port
    const addresses = [{ address: '127.0.0.1', family: 4 as const }]
    const names: Names = { ...createNames(), addressesOf: async () => addresses }
    const guarded = { ...scraping, fetch: createGuardedFetch({ allowPrivateHosts: false, names }) }
    for (const host of [
      '127.0.0.1',
      '[::1]',
      '[::ffff:7f00:1]',
      '0x7f.1',
      'localhost',
      'rebound.tracker.org',
    ])
      for (const scheme of ['ws', 'wss'])
        await expect(scrape(`${scheme}://${host}:${port}/`, [seeded], guarded), host).rejects.toThrow(
          /not a public/,
        )
    expect(connections).toBe(0)
  })
  test('looks the name up once and connects to the address that was checked', async () => {
    await using server = await startWebSocketServer()
    let lookUps = 0
    const names: Names = {
      ...createNames(),
      async addressesOf() {
        lookUps++
        return [{ address: '127.0.0.1', family: 4 }]
      },
    }
    server.on('connection', (connection, request) =>
      connection.on('message', () => connection.send(counting({ complete: request.headers.host ? 1 : 0 }))),
    )
    const fetch = createGuardedFetch({ allowPrivateHosts: true, names })
    const url = `ws://tracker.holdfast.example:${new URL(server.url).port}/`
    const { counts } = await scrape(url, [seeded], { ...scraping, fetch })
    expect(counts.get(seeded)).toMatchObject({ seeders: 1 })
    expect(lookUps).toBe(1)
  })
  test('stops waiting for an answer when the program stops', async () => {
    await using server = await startWebSocketServer()
    const stop = new AbortController()
    server.on('connection', () => stop.abort(new Error('the program stops')))
    const asked = scrape(server.url, [seeded], { ...scraping, signal: stop.signal })
    await expect(asked).rejects.toThrow('the program stops')
    await server.left()
  })
})

/** A WebSocket server on this machine; `left` waits until nobody is connected. */
async function startWebSocketServer() {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await once(server, 'listening')
  return Object.assign(server, {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    async left() {
      for (const connection of server.clients)
        if (connection.readyState !== connection.CLOSED) await once(connection, 'close')
    },
    async [Symbol.asyncDispose]() {
      for (const connection of server.clients) connection.terminate()
      await new Promise((done) => server.close(done))
    },
  })
}

test('normalizes announce URLs', () => {
  const normal = (url: string) => normalizeTracker(url, { allowPrivateHosts: false })
  expect(normal(' HTTPS://Tracker.Org:443/announce#x')).toBe('https://tracker.org/announce')
  expect(normal('udp://Tracker.Org:6969/announce')).toBe('udp://tracker.org:6969/announce')
  expect(normal('http://tracker.org/announce.php?key=1')).toBe('http://tracker.org/announce.php?key=1')
  expect(normal('WSS://Tracker.Org:443#x')).toBe('wss://tracker.org/')
  expect(normal('ws://tracker.org:8000/announce')).toBe('ws://tracker.org:8000/announce')
  for (const url of [
    'ws://tracker.org:25/',
    'wss://10.1.2.3/',
    'wss://user:secret@tracker.org/',
    'http://tracker.org/',
    'udp://tracker.org/announce',
    'udp://tracker.org:53/announce',
    'http://user:secret@tracker.org/announce',
    'http://10.1.2.3/announce',
    'udp://[fe80::1]:6969',
    'http://nas/announce',
    `http://tracker.org/${'a'.repeat(2000)}/announce`,
    'nonsense',
  ])
    expect(normal(url), url).toBeUndefined()
})

test('makes the scrape URL as BEP 48 says', () => {
  expect(scrapeUrl('http://example.com/x/announce?k=1')?.href).toBe('http://example.com/x/scrape?k=1')
  expect(scrapeUrl('http://example.com/announce.php')?.href).toBe('http://example.com/scrape.php')
  expect(scrapeUrl('http://example.com/a')).toBeUndefined()
  expect(scrapeUrl('http://example.com/announce?x=2/4')?.href).toBe('http://example.com/scrape?x=2/4')
})
