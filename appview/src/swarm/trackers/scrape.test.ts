import { createSocket, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import TrackerServer from 'bittorrent-tracker/server'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createGuardedFetch } from '../../guarded-fetch.ts'
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

describe('bittorrent-tracker’s server, a third party’s', () => {
  const server = new TrackerServer({ udp: true, http: true, ws: false, stats: false })
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
  ])('is scraped by %s', async (_, url) => {
    const { counts } = await scrape(url(), [seeded, unknown], scraping)
    expect(counts.get(seeded)).toMatchObject({ seeders: 2, leechers: 1 })
    expect(counts.get(unknown) ?? { seeders: 0 }).toMatchObject({ seeders: 0 })
  })
})

describe('hostile answers', () => {
  const answer = (text: string) => readScrape(Buffer.from(text, 'latin1'), [seeded])
  const entry = (body: string) => `d5:filesd20:${Buffer.from(seeded, 'hex').toString('latin1')}${body}ee`

  test('counts are held within what can be', () => {
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
  ])('%.20s is an error', (text, message) => {
    expect(() => answer(text)).toThrow(message)
  })
  test('a tracker that asks for a pause gets at most a day', () => {
    expect(answer('d5:filesde5:flagsd20:min_request_intervali900eee').waitMs).toBe(900_000)
    expect(answer('d5:filesde5:flagsd20:min_request_intervali99999999eee').waitMs).toBe(86_400_000)
  })
  test('an answer without an end is cut off', async () => {
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

  test('a refusal is told with its reason', async () => {
    await expect(onTracker((packet) => head(3, packet, Buffer.from('not here')))).rejects.toThrow(
      /refuses: not here/,
    )
  })
  test('an answer that is too short, or to something else, is broken', async () => {
    const short = onTracker((packet) => (packet.length === 16 ? head(0, packet) : head(2, packet)))
    await expect(short).rejects.toThrow(/broken answer/)
    await expect(onTracker((packet) => head(1, packet))).rejects.toThrow(/broken answer/)
  })
  test('an answer to another question is no answer', async () => {
    const forged = onTracker((packet) => head(0, Buffer.alloc(packet.length)), 300)
    await expect(forged).rejects.toThrow(/no answer in 300 ms/)
  })
  test('absurd counts are held within what can be', async () => {
    const { counts } = await onTracker((packet) =>
      packet.length === 16 ? head(0, packet) : head(2, packet, Buffer.alloc(12, 0xff)),
    )
    expect(counts.get(seeded)).toEqual({ seeders: 1_000_000, leechers: 1_000_000, completed: 1_000_000_000 })
  })
  test('private addresses are not dialled', async () => {
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

test('announce URLs have one spelling', () => {
  const normal = (url: string) => normalizeTracker(url, { allowPrivateHosts: false })
  expect(normal(' HTTPS://Tracker.Org:443/announce#x')).toBe('https://tracker.org/announce')
  expect(normal('udp://Tracker.Org:6969/announce')).toBe('udp://tracker.org:6969/announce')
  expect(normal('http://tracker.org/announce.php?key=1')).toBe('http://tracker.org/announce.php?key=1')
  for (const url of [
    'wss://tracker.org/',
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

test('the scrape address follows BEP 48', () => {
  expect(scrapeUrl('http://example.com/x/announce?k=1')?.href).toBe('http://example.com/x/scrape?k=1')
  expect(scrapeUrl('http://example.com/announce.php')?.href).toBe('http://example.com/scrape.php')
  expect(scrapeUrl('http://example.com/a')).toBeUndefined()
  expect(scrapeUrl('http://example.com/announce?x=2/4')?.href).toBe('http://example.com/scrape?x=2/4')
})
