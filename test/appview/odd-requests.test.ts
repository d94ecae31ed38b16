/** Requests that no form and no client of ours makes. Each must be answered, as the sender's mistake if it is one. */
import { request } from 'node:http'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex } from './index-under-test.ts'

let index: IndexUnderTest
beforeAll(async () => {
  index = await startIndex({ open: openEmbedded })
})
afterAll(() => index[Symbol.asyncDispose]())
afterEach(() => expect(index.takeFaults()).toEqual([]))

/** Sends a request target unchanged; `fetch` would normalize it. */
async function get(path: string, accept = 'text/html'): Promise<{ status: number; text: string }> {
  const { hostname, port } = new URL(index.url)
  const sent = request({ hostname, port, path, headers: { accept } }).end()
  const response = await new Promise<import('node:http').IncomingMessage>((resolve, reject) => {
    sent.once('response', resolve).once('error', reject)
  })
  return { status: response.statusCode ?? 0, text: Buffer.concat(await response.toArray()).toString() }
}

const strange = [
  '//',
  '///',
  '//?q=x',
  '/\\',
  '//evil.example/x',
  '/\\evil.example',
  '//[',
  'http://evil.example//y',
]

test('a method that does not exist is not logged as an error', async () => {
  expect((await get(`/xrpc/${methods.getDataset}Nothing`)).status).toBe(501)
})

test.each(strange)('GET %s is not found', async (path) => {
  for (const accept of ['text/html', 'application/json', '*/*'])
    expect((await get(path, accept)).status).toBe(404)
})

test.each([...strange, '/no/such?cursor=//evil.example'])(
  'the page for %s links to no other host',
  async (path) => {
    const { text } = await get(path)
    const links = [...text.matchAll(/(?:href|action|src)="([^"]*)"/g)].map(([, link = '']) => link)
    expect(links.length).toBeGreaterThan(5)
    for (const link of links) expect(new URL(link, 'https://index.example').hostname).toBe('index.example')
  },
)

test.each([
  '/search?cursor=junk',
  '/feeds/datasets.rss?cursor=junk',
  '/feeds/torrents.json?cursor=junk',
  '/feeds/torrents.rss?sort=junk&limit=junk',
  '/search?q=%ff',
  '/catalog.ttl?cursor=junk',
  '/needs?cursor=junk',
  '/keyword/x?cursor=junk',
  '/publisher/x?cursor=junk',
  '/account/did:plc:aaaaaaaaaaaaaaaaaaaaaaaa?cursor=junk',
  '/dataset/%zz/x',
  '/%',
])('%s is answered whatever Accept says', async (path) => {
  for (const accept of ['*/*', 'text/html', 'application/json', 'image/png']) {
    const { status } = await get(path, accept)
    expect(status).toBeLessThan(500)
    if (path.startsWith('/search?cursor')) expect(status).toBe(400)
  }
})

test('refuses an unknown parameter and names those that the method takes', async () => {
  const { status, text } = await get(`/xrpc/${methods.searchDatasets}?q=ice&licence=CC0`)
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({
    error: 'InvalidRequest',
    message: expect.stringMatching(/takes no parameter licence; it takes only q, .*license/),
  })
  expect((await get(`/xrpc/${methods.describeServer}?x=1`)).text).toContain('it takes none')
})
