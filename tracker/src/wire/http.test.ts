import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readAddress } from './address.ts'
import { readHead } from './http-head.ts'
import { newResponders } from './responders.ts'

const torrent = 'aa'.repeat(20)
const stranger = 'bb'.repeat(20)
const encoded = (hex: string): string => hex.replace(/../g, '%$&')
const announceQuery = `info_hash=${encoded(torrent)}&peer_id=-XX0001-abcdefghijkl&port=6881&uploaded=0&downloaded=0&left=1000`

function newClient(tracker: ReturnType<typeof newResponders>, address: string) {
  const words = new Int32Array(4)
  const family = readAddress(address, words) as 0 | 1
  const body = (length: number): string => tracker.http.body.toString('latin1', 0, length)
  return {
    announce: (query: string): string => body(tracker.http.announce(`/announce?${query}`, 10, family, words)),
    scrape: (query: string): string => body(tracker.http.scrape(`/scrape?${query}`, 8)),
  }
}

const latin1 = (hex: string): string => Buffer.from(hex, 'hex').toString('latin1')

test('answers announces byte for byte, in the formats of BEP 23, BEP 24 and BEP 7', () => {
  const tracker = newResponders([[torrent]])
  const tail = '10:tracker id4:nodee'
  const alice = newClient(tracker, '10.0.0.1')
  expect(alice.announce(`${announceQuery}&event=started`)).toBe(
    `d8:completei0e10:downloadedi0e11:external ip4:${latin1('0a000001')}10:incompletei1e8:intervali1800e12:min intervali900e5:peers0:${tail}`,
  )
  const bob = newClient(tracker, '2001:db8::2')
  bob.announce(`${announceQuery}&event=started&port=51413`)
  expect(bob.announce(`${announceQuery}&left=0&event=completed&port=51413`)).toBe(
    `d8:completei1e10:downloadedi1e11:external ip16:${latin1('20010db8000000000000000000000002')}10:incompletei1e8:intervali1800e12:min intervali900e5:peers6:${latin1('0a0000011ae1')}6:peers60:${tail}`,
  )
  expect(alice.announce(announceQuery)).toBe(
    `d8:completei1e10:downloadedi1e11:external ip4:${latin1('0a000001')}10:incompletei1e8:intervali1800e12:min intervali900e5:peers0:6:peers618:${latin1('20010db8000000000000000000000002c8d5')}${tail}`,
  )
  expect(alice.announce(`${announceQuery}&numwant=0`)).toContain(`5:peers0:${tail}`)
})

test('counts a download once for each client that was seen to download, not per port', () => {
  const tracker = newResponders([[torrent]])
  const stranger = newClient(tracker, '10.0.0.1')
  let answer = ''
  for (let port = 1_000; port < 1_050; port++)
    answer = stranger.announce(`${announceQuery}&left=0&event=completed&port=${port}`)
  expect(answer).toContain('10:downloadedi0e')
  const fetcher = newClient(tracker, '10.0.0.2')
  fetcher.announce(`${announceQuery}&event=started`)
  for (let times = 0; times < 3; times++) answer = fetcher.announce(`${announceQuery}&left=0&event=completed`)
  expect(answer).toContain('10:downloadedi1e')
})

test('lists peers without ids to clients that do not want them (BEP 3, BEP 23)', () => {
  const tracker = newResponders([[torrent]])
  newClient(tracker, '2001:db8::2').announce(`${announceQuery}&left=0&port=51413`)
  const alice = newClient(tracker, '10.0.0.1')
  const listed = '5:peersld2:ip20:2001:db8:0:0:0:0:0:24:porti51413eee'
  expect(alice.announce(`${announceQuery}&compact=0&no_peer_id=1`)).toContain(listed)
  for (const asked of ['compact=0', 'compact=0&no_peer_id=0', 'no_peer_id=1']) {
    expect(alice.announce(`${announceQuery}&${asked}`)).toContain('5:peers0:6:peers618:')
  }
})

test('does not list a peer at port 0', () => {
  const tracker = newResponders([[torrent]])
  for (const port of ['0', '00', '65536', '-1', '']) {
    const answer = newClient(tracker, '10.0.0.1').announce(`${announceQuery}&port=${port}`)
    expect(answer).toContain('port must be a number from 1 to 65535')
  }
  expect(tracker.swarms.totals().peers4).toBe(0)
})

test('answers scrapes byte for byte, keys in order and each once (BEP 48)', () => {
  const first = '01'.repeat(20)
  const tracker = newResponders([[torrent], [first]])
  const alice = newClient(tracker, '10.0.0.1')
  alice.announce(`${announceQuery}&left=0`)
  const asked = [torrent, first, stranger, torrent].map((hash) => `info_hash=${encoded(hash)}`).join('&')
  const zero = 'd8:completei0e10:downloadedi0e10:incompletei0ee'
  expect(alice.scrape(asked)).toBe(
    `d5:filesd20:${latin1(first)}${zero}20:${latin1(torrent)}${zero.replace('completei0', 'completei1')}ee`,
  )
  expect(alice.scrape('')).toBe(
    'd14:failure reason49:a scrape must name up to 64 torrents by info_hash8:retry in5:nevere',
  )
})

test('failures say why and when to come back (BEP 31)', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  expect(alice.announce(announceQuery.replace(encoded(torrent), encoded(stranger)))).toBe(
    'd14:failure reason57:this torrent is not in the index that this tracker serves8:retry ini15ee',
  )
  tracker.list.ready = false
  expect(alice.announce(announceQuery)).toBe(
    'd14:failure reason33:the tracker has no allow-list yet8:retry ini2ee',
  )
  expect(alice.announce('info_hash=short&peer_id=x&port=1')).toContain('info_hash must be 20 bytes')
  expect(alice.announce(`info_hash=${encoded(torrent)}&peer_id=x&port=1`)).toContain(
    'peer_id must be 20 bytes',
  )
  expect(alice.announce(announceQuery.replace('6881', '66666'))).toContain('port must be a number')
})

test('the key of a client is the same by HTTP and by UDP', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '10.0.0.1')
  alice.announce(`${announceQuery}&key=0A0B0C0D`)
  alice.announce(`${announceQuery}&key=other&event=stopped`)
  expect(tracker.swarms.totals().peers4).toBe(1)
  alice.announce(`${announceQuery}&key=a0b0c0d&event=stopped`)
  expect(tracker.swarms.totals().peers4).toBe(0)
})

test.each([
  [
    'GET /announce?a HTTP/1.1\r\nHost: x\r\n\r\n',
    { kind: 'announce', target: '/announce?a', query: 10, close: false },
  ],
  ['GET /scrape HTTP/1.0\r\n\r\n', { kind: 'scrape', target: '/scrape', query: 8, close: true }],
  ['GET /announce?a HTTP/1.1\r\nCONNECTION: Close\r\n\r\nrest', { close: true, length: 47 }],
  [
    'GET /announce? HTTP/1.1\r\nX-Forwarded-For: 1.2.3.4, 5.6.7.8\r\n\r\n',
    { forwardedFor: ' 1.2.3.4, 5.6.7.8' },
  ],
] as const)('reads the head %j', (text, expected) => {
  expect(readHead(Buffer.from(text), 1000)).toMatchObject(expected)
})

test.each([
  ['', 'incomplete'],
  ['GET /ann', 'incomplete'],
  ['GET /announce?x HTTP/1.1\r\nHost: x\r\n', 'incomplete'],
  ['GET /announcement HTTP/1.1\r\n\r\n', 'other'],
  ['GET /announce/x HTTP/1.1\r\n\r\n', 'other'],
  ['POST /announce HTTP/1.1\r\n\r\n', 'other'],
  ['GET /announce?a b HTTP/1.1\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/2.0\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nUpgrade: websocket\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcde', 'other'],
  ['GET /announce?a HTTP/1.1\r\n folded\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nContent-Length : 5\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nX: y\r\n Content-Length: 5\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nX: y\nContent-Length: 5\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nX: y\rContent-Length: 5\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nContent-Length\0: 5\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nContent-Length: 0\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nContent-Length: \u00a00\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nTransfer-Encoding: identity\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nConnection: close\r\nConnection: close\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\r\nExpect: 100-continue\r\n\r\n', 'other'],
  ['GET /announce?a#b HTTP/1.1\r\n\r\n', 'other'],
  ['GET /announce?a HTTP/1.1\nHost: x\n\n', 'other'],
] as const)('reads the head %j as %s', (text, expected) => {
  expect(readHead(Buffer.from(text), 1000)).toBe(expected)
})

test('gives up a head that does not end at its limit', () => {
  expect(readHead(Buffer.from(`GET /announce?${'x'.repeat(2000)}`), 1000)).toBe('other')
})

test('answers any query with one bencoded dictionary', () => {
  const tracker = newResponders([[torrent]])
  const alice = newClient(tracker, '2001:db8::1')
  const name = fc.constantFrom(
    'info_hash',
    'peer_id',
    'port',
    'left',
    'event',
    'numwant',
    'compact',
    'key',
    'x',
  )
  const value = fc.oneof(
    fc.string(),
    fc.constantFrom(encoded(torrent), '%', '%4', '%zz', '0', '-1', '1e9', '99999999999', '+'),
  )
  const query = fc
    .array(fc.tuple(name, value))
    .map((pairs) => pairs.map(([key, each]) => `${key}=${each}`).join('&'))
  fc.assert(
    fc.property(query, fc.boolean(), (text, valid) => {
      const answer = alice.announce(valid ? `${announceQuery}&${text}` : text)
      expect(answer).toMatch(/^d(?:8:complete|14:failure reason).*e$/s)
      expect(alice.scrape(text)).toMatch(/^d(?:5:files|14:failure reason).*e$/s)
    }),
    { numRuns: 3000 },
  )
})
