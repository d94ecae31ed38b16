import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { strangerFetch } from '../session/stranger-fetch.ts'
import { fetchTorrentFile, readTorrentFile } from './torrent-file.ts'

let home: string
let made: Awaited<ReturnType<typeof createTorrent>>
beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'holdfast-torrent-file-'))
  await writeFile(join(home, 'ice'), 'ice')
  made = await createTorrent(join(home, 'ice'))
})
afterAll(() => rm(home, { recursive: true }))

const small = { allowPrivateHosts: true, timeoutMs: 10_000, maxBytes: 10_000 }

async function fetchFrom(answer: RequestListener, { path = '/ice.torrent', limits = small } = {}) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  try {
    const { port } = server.address() as AddressInfo
    return await fetchTorrentFile(`http://127.0.0.1:${port}${path}`, strangerFetch(limits))
  } finally {
    server.closeAllConnections()
    server.close()
  }
}

test('fetches a .torrent through a redirect and computes its infohashes', async () => {
  const found = await fetchFrom(
    ({ url }, response) => {
      if (url === '/ice.torrent') response.end(made.metainfo)
      else response.writeHead(302, { location: '/ice.torrent' }).end()
    },
    { path: '/download?id=5' },
  )
  expect([found.infoHashV1, found.infoHashV2]).toEqual([made.infoHashV1, made.infoHashV2])
})

test.each<[string, RequestListener, { kind: string; message: RegExp }]>([
  ['is not there', (_, response) => response.writeHead(404).end(), { kind: 'notFound', message: /404/ }],
  ['is in trouble', (_, response) => response.writeHead(500).end(), { kind: 'network', message: /500/ }],
  ['hangs up', ({ socket }) => socket.destroy(), { kind: 'network', message: /cannot be fetched/ }],
  [
    'is a web page',
    (_, response) => response.end('\n<!DOCTYPE html><p>Download'),
    { kind: 'failure', message: /is a web page/ },
  ],
  [
    'is no bencode',
    (_, response) => response.end('PK'),
    { kind: 'failure', message: /ice\.torrent is not a \.torrent: / },
  ],
  [
    'is empty',
    (_, response) => response.end(),
    { kind: 'failure', message: /ice\.torrent is not a \.torrent: / },
  ],
  [
    'has no end',
    (_, response) => {
      const write = () => response.write('d'.repeat(5_000), () => response.destroyed || write())
      write()
    },
    { kind: 'network', message: /cannot be fetched/ },
  ],
])('reports an address that %s', async (_, answer, { kind, message }) => {
  await expect(fetchFrom(answer)).rejects.toMatchObject({ kind, message: expect.stringMatching(message) })
})

test('waits as long as configured for a server that does not answer', async () => {
  const limits = { ...small, timeoutMs: 200 }
  await expect(fetchFrom(() => {}, { limits })).rejects.toMatchObject({ kind: 'network' })
})

test('does not ask an address in the local network, and says how to allow it', async () => {
  let requests = 0
  const count: RequestListener = (_, response) => {
    requests++
    response.end(made.metainfo)
  }
  const limits = { ...small, allowPrivateHosts: false }
  await expect(fetchFrom(count, { limits })).rejects.toMatchObject({
    kind: 'network',
    message: expect.stringMatching(
      /127\.0\.0\.1:\d+ is .* in a private network.*HOLDFAST_ALLOW_PRIVATE_HOSTS=on/,
    ),
  })
  expect(requests).toBe(0)
})

test('names a file that is not a .torrent', async () => {
  const file = join(home, 'ice')
  await expect(readTorrentFile(file)).rejects.toMatchObject({
    kind: 'failure',
    message: expect.stringContaining(`${file} is not a .torrent: it is not bencode`),
  })
})

test('reports a missing file and says what else can be named', async () => {
  const missing = readTorrentFile(join(home, 'none.torrent'))
  await expect(missing).rejects.toMatchObject({
    kind: 'notFound',
    message: expect.stringMatching(/magnet link/),
  })
  await expect(readTorrentFile(join(home, 'ice'))).rejects.toMatchObject({ kind: 'failure' })
  await expect(readTorrentFile(home)).rejects.toMatchObject({
    kind: 'usage',
    message: expect.stringMatching(/is a directory/),
  })
})
