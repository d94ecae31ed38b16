import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type RequestListener, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createTorrent } from './create.ts'
import { type Metainfo, parseMetainfo } from './metainfo.ts'
import { bep19Url, checkWebseed } from './webseed.ts'

let scratch: string
const torrents = new Map<string, Metainfo>()
let server: Server | undefined

beforeAll(async () => {
  scratch = mkdtempSync(join(tmpdir(), 'holdfast-webseed-'))
  const root = join(scratch, 'my data')
  mkdirSync(join(root, 'sub'), { recursive: true })
  writeFileSync(join(root, 'sub/b #1.nc'), Buffer.alloc(50_000, 'b'))
  writeFileSync(join(root, 'a'), Buffer.alloc(100, 'a'))
  writeFileSync(join(root, 'z'), Buffer.alloc(40_000, 'z'))
  for (const version of ['v1', 'v2', 'hybrid'] as const)
    torrents.set(
      version,
      parseMetainfo((await createTorrent(root, { version, pieceLengthBytes: 16_384 })).metainfo),
    )
})
afterAll(() => rmSync(scratch, { recursive: true }))
afterEach(() => {
  server?.closeAllConnections()
  server?.close()
})

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener)
  await new Promise<void>((resolve) => server!.listen(0, '127.0.0.1', resolve))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

/** A plain file server that answers Range; `spoil` may change what it reads. */
function files(spoil: (body: Buffer, path: string) => Buffer = (body) => body): RequestListener {
  return (request, response) => {
    const path = decodeURIComponent(request.url!)
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? '')!.map(Number)
    const whole = spoil(readFileSync(join(scratch, path)), path)
    response.writeHead(206, { 'content-range': `bytes ${from}-${to}/${whole.length}` })
    response.end(whole.subarray(from, to! + 1))
  }
}

test.each(['v1', 'v2', 'hybrid'])('%s: finds every piece of a correct mirror correct', async (version) => {
  const url = await serve(files())
  const report = await checkWebseed(torrents.get(version)!, { url, kind: 'bep19' }, fetch, { pieces: 'all' })
  expect(report.badPieces).toEqual([])
  expect(report).toMatchObject({ ok: true, checkedPieces: report.pieceCount, bytes: 90_100 })
})

test.each(['v1', 'v2', 'hybrid'])('%s: finds a wrong byte in its piece', async (version) => {
  const spoil = (body: Buffer, path: string) =>
    path.endsWith('z') ? Buffer.concat([body.subarray(0, -1), Buffer.from('!')]) : body
  const url = await serve(files(spoil))
  const report = await checkWebseed(torrents.get(version)!, { url, kind: 'bep19' }, fetch, { pieces: 'all' })
  expect(report.badPieces.map(({ piece }) => piece)).toEqual([report.pieceCount - 1])
  expect(report.badPieces[0]!.problem).toMatch(/SHA-(1|256) \(v[12]\) differs/)
})

test('a sample contains both ends and no more pieces than requested', async () => {
  const url = await serve(files())
  const seen: number[] = []
  const report = await checkWebseed(torrents.get('hybrid')!, { url, kind: 'bep19' }, fetch, {
    pieces: 3,
    concurrency: 1,
    onPiece: ({ piece }) => seen.push(piece),
  })
  expect(report.ok).toBe(true)
  expect(seen.length).toBeLessThanOrEqual(3)
  expect([seen[0], seen.at(-1)]).toEqual([0, report.pieceCount - 1])
})

test.each<[string, RequestListener, RegExp]>([
  ['absent', (_, response) => response.writeHead(404).end(), /answered 404/],
  ['deaf to Range', (_, response) => response.end(Buffer.alloc(90_000)), /ignores Range/],
  ['sending too much', (_, response) => response.writeHead(206).end(Buffer.alloc(90_000)), /sent more than/],
  ['sending too little', (_, response) => response.writeHead(206).end('x'), /sent 1 of the/],
  [
    'at another range',
    (_, response) => response.writeHead(206, { 'content-range': 'bytes 7-9/10' }).end('x'),
    /Content-Range bytes 7-9/,
  ],
  ['silent', () => {}, /no answer in 200 ms/],
])('a server that is %s gets a verdict, not an exception', async (kind, listener, problem) => {
  const url = await serve(listener)
  const seed = { url, kind: 'bep19' } as const
  const report = await checkWebseed(torrents.get('v2')!, seed, fetch, {
    pieces: 1,
    timeoutMs: kind === 'silent' ? 200 : 30_000,
  })
  expect(report.ok).toBe(false)
  expect(report.badPieces.at(-1)!.problem).toMatch(problem)
})

test('asks an httpseeds script by piece (BEP 17)', async () => {
  const metainfo = torrents.get('v1')!
  const whole = Buffer.concat(
    metainfo.files.map(({ path }) => readFileSync(join(scratch, 'my data', ...path))),
  )
  const url = await serve((request, response) => {
    const { searchParams } = new URL(request.url!, 'http://x')
    const [, escaped] = /info_hash=((?:%[0-9a-f]{2}){20})/.exec(request.url!)!
    expect(escaped!.replaceAll('%', '')).toBe(metainfo.infoHashV1)
    const from = Number(searchParams.get('piece')) * 16_384
    response.end(whole.subarray(from, from + 16_384))
  })
  const report = await checkWebseed(metainfo, { url: `${url}seed.php`, kind: 'bep17' }, fetch, {
    pieces: 'all',
  })
  expect(report).toMatchObject({ ok: true, checkedPieces: 6 })
  const v2 = await checkWebseed(torrents.get('v2')!, { url, kind: 'bep17' }, fetch)
  expect(v2.badPieces[0]!.problem).toContain('v1 and hybrid torrents only')
})

test('builds addresses as clients do (BEP 19)', () => {
  const directory = { name: 'my data', isSingleFile: false }
  expect(bep19Url(directory, 'https://h/p', { path: ['sub', 'b #1.nc'] })).toBe(
    'https://h/p/my%20data/sub/b%20%231.nc',
  )
  expect(bep19Url(directory, 'https://h/p/', { path: ['a'] })).toBe('https://h/p/my%20data/a')
  const single = { name: 'a b.nc', isSingleFile: true }
  expect(bep19Url(single, 'https://h/whatever', { path: ['a b.nc'] })).toBe('https://h/whatever')
  expect(bep19Url(single, 'https://h/p/', { path: ['a b.nc'] })).toBe('https://h/p/a%20b.nc')
})
