import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { collections } from '@holdfast/lexicons/nsid'
import { createTorrent } from '@holdfast/torrent/create'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import Server from 'bittorrent-tracker/server'
import { expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { startNetwork } from '../network/network.ts'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { startPerson } from './run-holdfast.ts'

const hasClients = needs('torrents of Nostr events, from their swarms', 'aria2c', 'libtorrent')
const seeder = fileURLToPath(new URL('./seed-from-loopback.py', import.meta.url))

/** A Nostr relay (NIP-01) that has these events; it sends one for each request, the newest that is not too new. */
async function startRelay(events: readonly { created_at: number }[]) {
  const relay = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  relay.on('connection', (socket) =>
    socket.on('message', (data) => {
      const [type, id, { until = Number.POSITIVE_INFINITY } = {}] = JSON.parse(String(data))
      if (type !== 'REQ') return
      const [event] = events.filter(({ created_at }) => created_at <= until)
      if (event) socket.send(JSON.stringify(['EVENT', id, event]))
      socket.send(JSON.stringify(['EOSE', id]))
    }),
  )
  await once(relay, 'listening')
  return {
    url: `ws://127.0.0.1:${(relay.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const socket of relay.clients) socket.terminate()
      await new Promise((resolve) => relay.close(resolve))
    },
  }
}

test.skipIf(!hasClients)('torrents of Nostr events come from their swarms', async () => {
  await using stack = new AsyncDisposableStack()
  const network = stack.use(await startNetwork({ pdsCount: 1, accounts: 1, relay: false }))
  const directory = stack.use(await scratchDirectory()).path
  const tracker = new Server({ http: true, udp: false, ws: false, stats: false })
  tracker.listen(0, { http: '127.0.0.1' } as never)
  await once(tracker, 'listening')
  stack.defer(() => new Promise<void>((resolve) => tracker.close(() => resolve())))
  const announce = `http://127.0.0.1:${(tracker.http.address() as AddressInfo).port}/announce`

  await mkdir(join(directory, 'data'))
  await writeFile(join(directory, 'data', 'birds.csv'), 'bird,count\n'.repeat(9_000))
  const torrent = await createTorrent([join(directory, 'data', 'birds.csv')], {
    version: 'v1',
    trackers: [{ url: announce, tier: 0 }],
  })
  await writeFile(join(directory, 'birds.torrent'), torrent.metainfo)
  const announced = new Promise<void>((resolve) => tracker.once('start', () => resolve()))
  const child = spawn(
    '/usr/bin/python3',
    [seeder, join(directory, 'data'), join(directory, 'birds.torrent')],
    { stdio: 'ignore' },
  )
  stack.defer(async () => {
    child.kill('SIGKILL')
    await once(child, 'exit')
  })
  await announced

  const eventOf = (created_at: number, title: string, infoHash: string) => ({
    ...{ id: String(created_at).repeat(8), pubkey: 'ab'.repeat(32), kind: 2003, created_at },
    content: 'Counts of birds.',
    tags: [
      ['title', title],
      ['x', infoHash],
      ['t', 'birds'],
      ['file', 'birds.csv', '99000'],
      ['tracker', announce],
      ['i', 'tcat:data'],
    ],
  })
  const relay = stack.use(
    await startRelay([eventOf(200, 'Birds', torrent.infoHashV1!), eventOf(100, 'No hash', 'none')]),
  )
  const account = network.accounts[0]!
  const env = { HOLDFAST_ALLOW_PRIVATE_HOSTS: 'on' }
  const person = stack.use(await startPerson(network, { account, env }))
  const ran = await person.run('import', relay.url, '--json')
  const lines = ran.stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  expect(lines).toMatchObject([
    { action: 'created', torrents: [{ infoHash: torrent.infoHashV1, action: 'created' }] },
    { problem: expect.stringContaining('infohash of 40 hexadecimal digits') },
    { total: 2, created: 1, failed: 1, torrents: { created: 1 } },
  ])
  const { data } = await account.agent.com.atproto.repo.getRecord({
    ...{ repo: account.did, collection: collections.torrent, rkey: torrent.infoHashV1! },
  })
  const magnet = `magnet:?xt=urn:btih:${torrent.infoHashV1}&tr=${encodeURIComponent(announce)}`
  expect(await person.run('get', magnet)).toMatchObject({ code: 5 })
  const { file, name } = (await person.json('get', magnet, '--swarm')).torrents[0]
  expect([name, parseMetainfo(await readFile(join(person.home, file))).infoHashV1]).toEqual([
    'birds.csv',
    torrent.infoHashV1,
  ])
  expect(data.value).toMatchObject({ name: 'birds.csv', sizeBytes: 99_000, infoHashV1: torrent.infoHashV1 })
})
