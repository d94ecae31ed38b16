import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { getRecordStatus } from '@holdfast/lexicons'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, onTestFinished, test } from 'vitest'
import { appView } from '../appview.ts'
import { repoOf } from './repo.ts'

async function serve(status: number, body: string, type = 'application/json') {
  const server = createServer(
    (_, response) => void response.writeHead(status, { 'content-type': type }).end(body),
  )
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  onTestFinished(() => void server.close())
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const uri = 'at://did:plc:x234567abcdefghijklmnopq/a.b.c/d'
const asked = async (url: string) => {
  try {
    return await appView(url, defaultAuthorities).query(getRecordStatus, { uri })
  } catch (error) {
    return error
  }
}
const read = async (service: string) => {
  const session = { fetchHandler: (path: string, init: RequestInit) => fetch(new URL(path, service), init) }
  const repo = repoOf(session, 'did:plc:x234567abcdefghijklmnopq', defaultAuthorities)
  return repo
    .list(collections.dataset)
    .next()
    .catch((error: unknown) => error)
}

test.each([
  [404, 'RecordNotFound', 'notFound'],
  [400, 'InvalidSwap', 'conflict'],
  [400, 'InvalidQuery', 'usage'],
  [401, 'AuthMissing', 'auth'],
  [400, 'ExpiredToken', 'auth'],
  [429, 'RateLimitExceeded', 'network'],
  [503, 'NotEnoughResources', 'network'],
  [400, 'InvalidRequest', 'failure'],
])('%i %s is reported as %s, from an AppView and from a PDS', async (status, error, kind) => {
  const url = await serve(status, JSON.stringify({ error, message: 'why' }))
  expect(await asked(url)).toMatchObject({ kind, message: expect.stringContaining(`${error}: why`) })
  expect(await read(url)).toMatchObject({ kind, message: expect.stringContaining(`${error}: why`) })
})

test('a server that is away or speaks another protocol is reported as a network failure', async () => {
  expect(await asked('http://127.0.0.1:1')).toMatchObject({ kind: 'network' })
  expect(await read('http://127.0.0.1:1')).toMatchObject({ kind: 'network' })
  expect(await asked(await serve(200, '<html>', 'text/html'))).toMatchObject({ kind: 'network' })
  expect(await asked(await serve(200, '{}'))).toMatchObject({
    kind: 'network',
    message: expect.stringContaining('uri'),
  })
})

test('a parameter that the client refuses is reported as wrong usage', async () => {
  const answer = appView('http://127.0.0.1:1', defaultAuthorities).query(getRecordStatus, { uri: 'nothing' })
  await expect(answer).rejects.toMatchObject({ kind: 'usage' })
})
