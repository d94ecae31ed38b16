/** Servers that the command asks, and that answer without end. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { searchDatasets } from '@holdfast/lexicons'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { appView } from './appview.ts'
import { repoOf } from './records/repo.ts'
import { identities } from './session/identities.ts'

async function serve(answer: RequestListener) {
  const server = createServer(answer)
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      server.close()
    },
  }
}

/** Sends a JSON string that never ends, as fast as it is read; `sent` counts the bytes. */
function endless(sent: { bytes: number }): RequestListener {
  const chunk = Buffer.alloc(1_000_000, 'x')
  return (_request, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.write('{"did":"')
    const more = () => {
      while (!response.destroyed) {
        sent.bytes += chunk.length
        if (!response.write(chunk)) return
      }
    }
    response.on('drain', more)
    more()
  }
}

test('an AppView whose answer never ends is left with an error', async () => {
  const sent = { bytes: 0 }
  await using server = await serve(endless(sent))
  const asked = appView(server.url, defaultAuthorities).query(searchDatasets, { q: 'ice' })
  await expect(asked).rejects.toMatchObject({ name: 'CommandError' })
  expect(sent.bytes).toBeLessThan(100e6)
})

test('a server that is asked for a handle may not answer without end', async () => {
  const sent = { bytes: 0 }
  await using server = await serve(endless(sent))
  const options = { plcUrl: server.url, allowPrivateHosts: true, pdsUrl: server.url }
  await expect(identities(options).resolve('nobody.invalid')).rejects.toMatchObject({ kind: 'notFound' })
  expect(sent.bytes).toBeLessThan(30e6)
})

test.each(['the same page', 'ever new pages'])(
  'a list of records that consists of %s ends',
  async (which) => {
    let pages = 0
    await using server = await serve((_request, response) => {
      pages++
      const uri = `at://did:plc:stranger/${collections.dataset}/${pages}`
      const value = { $type: collections.dataset, title: 'Ice', createdAt: '2026-01-01T00:00:00Z' }
      const cid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
      const cursor = which === 'the same page' ? 'next' : `${pages}`
      response.writeHead(200, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ records: [{ uri, cid, value }], cursor }))
    })
    const fetchHandler = (path: string, init: RequestInit) => fetch(new URL(path, server.url), init)
    const repo = repoOf({ fetchHandler } as never, 'did:plc:stranger', defaultAuthorities)
    const read = async () => {
      for await (const _ of repo.list(collections.dataset));
    }
    await expect(read()).rejects.toThrow(/without end/)
  },
)
