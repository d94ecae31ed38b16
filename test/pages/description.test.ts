/** Tests a description that is too long for its record and is read from its author's own server. */
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { putRecord } from '../system/publish.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type System, startSystem } from '../system/system.ts'
import { query } from '../system/xrpc.ts'

const stack = new AsyncDisposableStack()
let system: System
let site: string
beforeAll(async () => {
  const directory = stack.use(await scratchDirectory())
  system = stack.use(await startSystem({ directory: directory.path, accounts: ['alice'], pdsCount: 1 }))
  site = `http://127.0.0.1:${system.appView.port}`
})
afterAll(() => stack.disposeAsync())

const read = async (path: string) => {
  const response = await fetch(site + path, { headers: { accept: 'text/html', 'accept-language': 'en' } })
  return { status: response.status, text: await response.text() }
}
const pageOf = (uri: string) => `/description?${new URLSearchParams({ uri })}`

async function publish(rkey: string, markdown: string): Promise<string> {
  const account = system.network.accounts[0]!
  const bytes = new TextEncoder().encode(markdown)
  const { data } = await account.agent.com.atproto.repo.uploadBlob(bytes, { encoding: 'text/markdown' })
  const record = { title: `Law of ${rkey}`, description: 'The first words.', descriptionBlob: data.blob }
  const uri = await putRecord(account, { collection: 'dataset', rkey, record })
  const status = () => query<{ status: string }>(site, 'getRecordStatus', { uri })
  await waitFor(async () => (await status()).status === 'indexed', { what: `${rkey} to be indexed` })
  return uri
}

test('the page of a dataset links to its whole description, rendered harmlessly', async () => {
  const uri = await publish('one', '# Volumes\n\n<script>alert(1)</script>\n\nThe *last* words.\n')
  const dataset = await read(`/dataset/${uri.slice('at://'.length).replace(`/${collections.dataset}`, '')}`)
  expect(dataset.text).toContain(`href="${pageOf(uri)}"`)
  const { status, text } = await read(pageOf(uri))
  expect(status).toBe(200)
  expect(text).toContain('<em>last</em> words.')
  expect(text).toContain('&lt;script&gt;alert(1)')
  expect(text).not.toContain('<script>alert')
})

test('a very long description is shown unrendered', async () => {
  const uri = await publish('two', `${'The *same* again. '.repeat(8_000)}The last words.`)
  const { text } = await read(pageOf(uri))
  expect(text).toMatch(/<pre[^>]*>The \*same\* again\./)
  expect(text).toContain('The last words.')
})

test('a description that this server would not read links to its author’s server', async () => {
  const uri = await publish('three', 'x'.repeat(2_000_001))
  const { status, text } = await read(pageOf(uri))
  expect(status).toBe(200)
  expect(text).toContain('too long to be shown here')
  const href = /href="([^"]*getBlob[^"]*)"/.exec(text)![1]!.replaceAll('&amp;', '&')
  expect((await (await fetch(href)).arrayBuffer()).byteLength).toBe(2_000_001)
})

test('no description is shown of a dataset that is gone, or of an invalid one', async () => {
  const uri = await publish('four', 'The last words.')
  const [rkey] = uri.split('/').slice(-1)
  const { agent, did } = system.network.accounts[0]!
  await agent.com.atproto.repo.deleteRecord({ repo: did, collection: collections.dataset, rkey: rkey! })
  await waitFor(async () => (await read(pageOf(uri))).status === 404, { what: 'the description to be gone' })
  expect((await read('/description')).status).toBe(404)
  expect((await read('/description?uri=at://x')).status).toBe(404)
})
