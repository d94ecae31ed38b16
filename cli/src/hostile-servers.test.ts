/** Servers that the command asks, and that answer without end. */
import { once } from 'node:events'
import { createServer, type RequestListener } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cidForRawBytes } from '@atproto/lex-data'
import { searchDatasets } from '@holdfast/lexicons'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { appView } from './appview.ts'
import { fetchRecordMetainfo } from './content/record-metainfo.ts'
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
    const fetchHandler = async () => {
      pages++
      const uri = `at://did:plc:stranger/${collections.dataset}/${pages}`
      const value = { $type: collections.dataset, title: 'Ice', createdAt: '2026-01-01T00:00:00Z' }
      const cid = 'bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku'
      const cursor = which === 'the same page' ? 'next' : `${pages}`
      return Response.json({ records: [{ uri, cid, value }], cursor })
    }
    const repo = repoOf({ fetchHandler } as never, 'did:plc:stranger', defaultAuthorities)
    const read = async () => {
      for await (const _ of repo.list(collections.dataset));
    }
    await expect(read()).rejects.toThrow(/without end/)
  },
)

test('the parts of a .torrent may not exceed together what a whole one may have', async () => {
  const bytes = new Uint8Array(100e6)
  const ref = { $link: (await cidForRawBytes(bytes)).toString() }
  const part = { blob: { $type: 'blob', ref, mimeType: 'application/octet-stream', size: bytes.length } }
  let asked = 0
  const author = {
    pdsUrl: 'https://pds.example.org',
    repo: { get: async () => ({ value: { metainfoParts: Array(1_000).fill(part) } }) },
    async getBlob() {
      asked++
      return bytes
    },
  }
  const connections = { config: { authorities: defaultAuthorities }, readRepo: async () => author }
  const uri = `at://did:plc:stranger/${collections.torrent}/ice`
  await expect(fetchRecordMetainfo(connections as never, uri)).rejects.toThrow(/more than/)
  expect(asked).toBe(3)
})
