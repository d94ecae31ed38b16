import { createServer, type IncomingMessage } from 'node:http'
import { duplexPair } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readHead } from './http-head.ts'

interface Seen {
  method: string
  url: string
  forwardedFor: string | undefined
  hasBody: boolean
}

/** How node:http reads `bytes` from one connection, and whether it would read more from it. */
async function readByNode(bytes: Buffer): Promise<Seen[]> {
  const seen: Seen[] = []
  const server = createServer({ requireHostHeader: false }, (request: IncomingMessage, response) => {
    const { headers } = request
    seen.push({
      method: request.method!,
      url: request.url!,
      forwardedFor: headers['x-forwarded-for'] as string | undefined,
      hasBody: 'content-length' in headers || 'transfer-encoding' in headers,
    })
    response.end()
  })
  server.on('upgrade', (_request, socket) => socket.destroy())
  const [ours, theirs] = duplexPair()
  ours.on('error', () => {})
  theirs.on('error', () => {})
  ours.resume()
  server.emit('connection', theirs)
  ours.end(bytes)
  for (let turn = 0; turn < 8; turn++) await setImmediate()
  ours.destroy()
  theirs.destroy()
  return seen
}

const next = 'GET /next HTTP/1.1\r\nHost: x\r\n\r\n'

/** Checks that the head at the start of `bytes` is read as node:http does, or left to it. */
async function expectAgreement(bytes: Buffer): Promise<boolean> {
  const head = readHead(bytes, 16_384)
  if (typeof head === 'string') return false
  const seen = await readByNode(Buffer.concat([bytes.subarray(0, head.length), Buffer.from(next)]))
  const [first, second] = seen
  expect(first, JSON.stringify(String(bytes))).toMatchObject({
    method: 'GET',
    url: head.target,
    hasBody: false,
  })
  expect((first!.forwardedFor ?? '').replaceAll(/[ \t]/g, '')).toBe(
    (head.forwardedFor ?? '').replaceAll(/[ \t]/g, ''),
  )
  if (!head.close) expect(second?.url, JSON.stringify(String(bytes))).toBe('/next')
  return true
}

const names = [
  ...['Host', 'User-Agent', 'Accept', 'Connection', 'X-Forwarded-For', 'Content-Length', 'Transfer-Encoding'],
  ...['Upgrade', 'Expect', 'Trailer', 'TE', 'Keep-Alive', 'content-length', 'X', ''],
]
const values = [
  ...[
    'x',
    'close',
    'keep-alive',
    'Keep-Alive, close',
    '1.2.3.4',
    '0',
    '5',
    '+5',
    '0x5',
    '5, 5',
    'chunked',
    '',
  ],
  ...['identity', 'websocket', '100-continue', ' chunked', 'chunked, identity', '\u00a05', '"quoted"'],
]
const odd = [
  '',
  '',
  '',
  '',
  '',
  '',
  ' ',
  '\t',
  '\0',
  '\r',
  '\n',
  '\v',
  '\u00a0',
  ':',
  '\x7f',
  '\r\n ',
  '\r\n\t',
]
const ends = ['\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\r\n', '\n', '\r', '\r\r\n', '\n\r\n']
const starts = [
  ...[
    'GET /announce?a=b HTTP/1.1',
    'GET /announce?a HTTP/1.1',
    'GET /scrape HTTP/1.0',
    'GET /announce? HTTP/1.1',
  ],
  ...[
    'GET http://x/announce?a HTTP/1.1',
    'GET /announce?a  HTTP/1.1',
    'GET /announce?a\tHTTP/1.1',
    'GET /announce',
  ],
  ...[
    'get /announce?a HTTP/1.1',
    'GET /announce?a#b HTTP/1.1',
    'GET /announce?\u00ff HTTP/1.1',
    'GET /scrape?"<> HTTP/1.1',
  ],
]
const field = fc
  .tuple(
    fc.constantFrom(...names),
    fc.constantFrom(...odd),
    fc.constantFrom(...odd),
    fc.constantFrom(...values),
  )
  .chain(([name, before, after, value]) =>
    fc.constantFrom(...ends).map((end) => `${name}${before}:${after}${value}${end}`),
  )
const anyHead = fc
  .tuple(fc.constantFrom(...starts), fc.constantFrom(...ends), fc.array(field, { maxLength: 4 }))
  .map(([start, end, fields]) => `${start}${end}${fields.join('')}\r\n`)

test('reads any head as node:http does, or leaves it to node:http', async () => {
  let understood = 0
  await fc.assert(
    fc.asyncProperty(anyHead, fc.constantFrom('', 'abcde', next), async (head, body) => {
      if (await expectAgreement(Buffer.from(head + body, 'latin1'))) understood++
    }),
    { numRuns: 4000 },
  )
  // The heads of real clients are among them.
  expect(understood).toBeGreaterThan(100)
})

test('agrees with node:http on a head with any byte inserted', async () => {
  const head = Buffer.from(
    'GET /announce?a=b HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 1.2.3.4\r\nConnection: keep-alive\r\n\r\n',
  )
  await fc.assert(
    fc.asyncProperty(fc.nat(head.length - 1), fc.nat(255), fc.boolean(), async (at, byte, inserted) => {
      const rest = head.subarray(inserted ? at : at + 1)
      await expectAgreement(Buffer.concat([head.subarray(0, at), Buffer.of(byte), rest]))
    }),
    { numRuns: 4000 },
  )
})
