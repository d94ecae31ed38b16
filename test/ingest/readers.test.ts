import type { AddressInfo } from 'node:net'
import { decodeFrame } from '@holdfast/appview/ingest/frame/frame'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { WebSocket, WebSocketServer } from 'ws'
import { type Network, startNetwork } from '../network/network.ts'
import { deleteDataset, putDataset, putOther, startFollowing } from './following.ts'

test('our reader and the reference reader build the same index from one stream', async () => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 3 })
  const sources = [network.relayUrl]
  await using ours = await startFollowing(network, { sources, backfill: false })
  await using reference = await startFollowing(network, { sources, backfill: false, reader: 'reference' })
  await writeSome(network)
  await ours.agrees(network.accounts)
  await reference.agrees(network.accounts)
  expect(await ours.records()).toEqual(await reference.records())
  await network.deleteAccount(network.accounts[0]!)
  const left = network.accounts.slice(1)
  await ours.agrees(left)
  await reference.agrees(left)
})

test('proves the hints of a Jetstream by the records’ own hosts', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 3, relay: false })
  await using jetstream = await startJetstream(network)
  await using index = await startFollowing(network, {
    sources: [],
    hints: [jetstream.url],
    backfill: false,
  })
  await writeSome(network)
  await index.agrees(network.accounts)
  // A hint is not trusted: a hint about a record that does not exist changes nothing.
  jetstream.say({
    did: network.accounts[1]!.did,
    kind: 'commit',
    commit: { collection: collections.dataset, rkey: 'd0', operation: 'delete' },
  })
  jetstream.say({
    did: network.accounts[1]!.did,
    kind: 'commit',
    commit: {
      collection: collections.dataset,
      rkey: 'made-up',
      operation: 'create',
      record: { title: 'x' },
    },
  })
  await putDataset(network.accounts[1]!, 'after')
  await index.agrees(network.accounts)
})

async function writeSome(network: Network): Promise<void> {
  for (const account of network.accounts) {
    for (let n = 0; n < 4; n++) await putDataset(account, `d${n}`)
    await putOther(account, 'note')
    await putDataset(account, 'd1', 'Another title')
    await deleteDataset(account, 'd2')
  }
}

/** A small Jetstream over the network's first PDS. */
async function startJetstream(network: Network) {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  await new Promise((resolve) => server.once('listening', resolve))
  const said: string[] = []
  const say = (message: object) => {
    const text = JSON.stringify({ time_us: Date.now() * 1_000, ...message })
    said.push(text)
    for (const client of server.clients) client.send(text)
  }
  server.on('connection', (socket) => {
    for (const text of said) socket.send(text)
  })
  const upstream = new WebSocket(
    `${network.pdsUrls[0]!.replace(/^http/, 'ws')}/xrpc/com.atproto.sync.subscribeRepos?cursor=0`,
  )
  upstream.on('message', (data: Buffer) => {
    const frame = decodeFrame(Uint8Array.from(data), { wantsPath: () => true, tracks: () => true })
    if (frame.kind === 'account')
      say({ did: frame.did, kind: 'account', account: { active: frame.active, status: frame.status } })
    if (frame.kind !== 'commit') return
    for (const { path, action } of frame.ops) {
      const [collection, rkey] = path.split('/')
      say({ did: frame.did, kind: 'commit', commit: { collection, rkey, operation: action } })
    }
  })
  return {
    url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    say,
    async [Symbol.asyncDispose]() {
      upstream.terminate()
      for (const client of server.clients) client.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
