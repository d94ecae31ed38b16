import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { cidForRawBytes } from '@atproto/lex-data'
import { expect, test } from 'vitest'
import type { DidResolver, Resolution } from '../ingest/identity/did-resolver.ts'
import { createGuardedFetch } from '../outbound/guarded-fetch.ts'
import { blobReader } from './read-blob.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'

/** A PDS that answers every request for a blob with this text, and counts the requests. */
async function startPds(text: string) {
  let asked = 0
  const server = createServer((_req, res) => {
    asked += 1
    res.end(text)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const pdsUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const resolver: DidResolver = {
    resolve: async () => ({ status: 'found', identity: { did, pdsUrl } }) as Resolution,
    forget: () => {},
  }
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: true, userAgent: 'test' })
  return {
    read: blobReader(guardedFetch, resolver, { maxBytes: 2_000_000, mostKept: 16 }),
    asked: () => asked,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  }
}

const cidOf = async (text: string) => (await cidForRawBytes(new TextEncoder().encode(text))).toString()

test('downloads a blob once, however often it is read', async () => {
  await using pds = await startPds('the words')
  const blob = { cid: await cidOf('the words'), sizeBytes: 9 }
  const bytes = new TextEncoder().encode('the words')
  for (let i = 0; i < 3; i++) expect(await pds.read(did, blob)).toMatchObject({ bytes })
  expect(pds.asked()).toBe(1)
})

test('never serves bytes that do not match the CID, and downloads them again', async () => {
  await using pds = await startPds('other words')
  const blob = { cid: await cidOf('the words'), sizeBytes: 9 }
  for (let i = 0; i < 2; i++) expect(await pds.read(did, blob)).toMatchObject({ failure: 'unavailable' })
  expect(pds.asked()).toBe(2)
})

test('does not download a blob that its record says is too large', async () => {
  await using pds = await startPds('x'.repeat(2_000_001))
  const cid = await cidOf('x'.repeat(2_000_001))
  expect(await pds.read(did, { cid, sizeBytes: 2_000_001 })).toMatchObject({ failure: 'too-large' })
  expect(pds.asked()).toBe(0)
})

test('stops reading a blob that turns out to be too large', async () => {
  await using pds = await startPds('x'.repeat(2_000_001))
  const cid = await cidOf('x'.repeat(2_000_001))
  expect(await pds.read(did, { cid, sizeBytes: 9 })).toMatchObject({ failure: 'unavailable' })
})
