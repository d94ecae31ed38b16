import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { type Metainfo, parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { fetchPieces } from './fetch-pieces.ts'
import type { FileSink } from './file-sinks.ts'

const files = {
  'a.bin': Buffer.alloc(50_000, 'a'),
  'b.bin': Buffer.alloc(70_001, 'bc'),
  'empty.txt': Buffer.alloc(0),
}
let directory: string
const torrents: Record<string, Metainfo> = {}
const servers: AsyncDisposable[] = []

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-download-'))
  for (const [name, bytes] of Object.entries(files)) await writeFile(join(directory, name), bytes)
  for (const version of ['v1', 'v2', 'hybrid'] as const) {
    const { metainfo } = await createTorrent([directory], {
      version,
      name: 'data',
      pieceLengthBytes: 16_384,
      threads: 1,
    })
    torrents[version] = parseMetainfo(metainfo)
  }
})
afterAll(async () => {
  for (const server of servers) await server[Symbol.asyncDispose]()
  await rm(directory, { recursive: true })
})

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  servers.push({
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
}

const honest: RequestListener = async (request, response) => {
  const bytes = await readFile(join(directory, request.url!.split('/').at(-1)!))
  const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!.map(Number)
  response.writeHead(206).end(bytes.subarray(from!, to! + 1))
}

function collect(): FileSink & { files: Map<string, Buffer> } {
  const kept = new Map<string, Buffer>()
  return {
    files: kept,
    async open(file) {
      kept.set(file.path.join('/'), Buffer.alloc(file.sizeBytes))
    },
    async write(file, at, bytes) {
      kept.get(file.path.join('/'))!.set(bytes, at)
    },
    finish: async () => [],
  }
}

test.each(['v1', 'v2', 'hybrid'])('downloads every file of a %s torrent whole', async (version) => {
  const sink = collect()
  let told = 0
  await fetchPieces(torrents[version]!, [await serve(honest)], { sink, onBytes: (bytes) => (told = bytes) })
  expect(Object.fromEntries(sink.files)).toEqual(files)
  expect(told).toBe(120_001)
})

test('downloads pieces that one webseed has wrong from the next', async () => {
  const liar = await serve((request, response) => {
    const [, from, to] = /bytes=(\d+)-(\d+)/.exec(request.headers.range!)!.map(Number)
    response.writeHead(206).end(Buffer.alloc(to! - from! + 1, 'z'))
  })
  const sink = collect()
  await fetchPieces(torrents.hybrid!, [liar, await serve(honest)], { sink, onBytes: () => {} })
  expect(Object.fromEntries(sink.files)).toEqual(files)
  await expect(fetchPieces(torrents.v2!, [liar], { sink: collect(), onBytes: () => {} })).rejects.toThrow(
    /piece 0: the SHA-256/,
  )
})

test.each<[string, RequestListener, RegExp]>([
  [
    'more than asked for',
    (_request, response) => response.writeHead(206).end(Buffer.alloc(1_000_000)),
    /sent more than/,
  ],
  ['less', (_request, response) => response.writeHead(206).end('x'), /sent 1 of/],
  [
    'everything in place of a range',
    (_request, response) => response.writeHead(200).end(Buffer.alloc(70_001)),
    /answered 200|sent more/,
  ],
  ['an error', (_request, response) => response.writeHead(503).end(), /answered 503/],
])('handles a server that sends %s', async (_what, listener, problem) => {
  const url = await serve(listener)
  await expect(fetchPieces(torrents.v1!, [url], { sink: collect(), onBytes: () => {} })).rejects.toThrow(
    problem,
  )
})
