/** Tests the pages as people read them without scripts, in both languages. */

import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'
import { putAccounts, putProbe, putRecord, putTorrent } from './sample/write.ts'
import { type Site, startSite } from './site.ts'

const did = 'did:plc:librarylibrarylibrarylib'
const stack = new AsyncDisposableStack()
let site: Site
let dataset: string
const torrents: { uri: string; infoHash: string }[] = []

beforeAll(async () => {
  site = stack.use(await startSite())
  const { path } = stack.use(await scratchDirectory())
  await putAccounts(site.catalog, [{ did, handle: 'library.example.edu', pdsHost: 'https://pds.example' }])
  const value = { title: 'Soil pits', version: '2', keywords: [{ name: 'soil' }] }
  dataset = await putRecord(site.catalog, { did, collection: 'dataset', rkey: 'soil', value })
  for (const year of ['2024', '2025']) {
    const root = join(path, year, 'pits')
    await mkdir(root, { recursive: true })
    await writeFile(join(root, 'soil pits.csv'), `${year}\n`)
    const { metainfo } = await createTorrent([root], { threads: 1, pieceLengthBytes: 16_384 })
    const [before] = torrents
    const webseeds = [{ url: 'https://mirror.example.edu/soil/', kind: 'bep19' }]
    const record = {
      datasets: [{ uri: dataset }],
      ...(before && { webseeds, supersedes: { uri: before.uri } }),
    }
    torrents.push(await putTorrent(site.catalog, { did, metainfo, record }))
  }
  await putProbe(site.catalog, {
    subject: torrents[1]!.infoHash,
    url: 'https://mirror.example.edu/soil/',
    status: 'verified',
  })
})
afterAll(() => stack.disposeAsync())

async function read(path: string, language = 'en'): Promise<string> {
  const headers = { accept: 'text/html', 'accept-language': language }
  return (await fetch(site.url + path, { headers })).text()
}

const datasetPage = (language?: string) => read(`/dataset/${did}/soil`, language)

test('the filters of a search are folded at first', async () => {
  expect(await read('/search')).toContain('<details class="facets">')
})

test('a link to a dataset is shown as a card elsewhere', async () => {
  const page = await datasetPage()
  const tags = [...page.matchAll(/<meta (?:property|name)="((?:og|twitter):[a-z_]+)" content="([^"]*)">/g)]
  const card = Object.fromEntries(tags.map(([, name, content]) => [name!, content!]))
  expect(card).toMatchObject({
    'og:type': 'website',
    'og:title': expect.stringContaining('Soil pits'),
    'og:url': expect.stringContaining(`/dataset/${did}/soil`),
    'twitter:card': 'summary',
  })
})

test('what needs a script is hidden without one', async () => {
  const sheet = /<noscript><link rel="stylesheet" href="([^"]+)"><\/noscript>/.exec(await read('/publish'))
  expect(await read(sheet![1]!)).toMatch(/\.js-only \{\s*display: none;/)
})

test.each(['maxSeeders=abc', 'goneBefore=soon', 'hasTorrent=perhaps', 'keyword=', 'minSizeBytes=-1'])(
  'an invalid filter is not shown as active: %s',
  async (filter) => {
    expect(await read(`/search?${filter}`)).not.toContain('class="active"')
  },
)

test('an active filter is shown, each value of a list by itself', async () => {
  const page = await read('/search?keyword=soil&keyword=ice&maxSeeders=3&maxSeeders=9')
  expect(page.match(/<ul class="active".*?<\/ul>/s)![0].match(/<li>/g)).toHaveLength(3)
})

test('folds versions earlier than the current one', async () => {
  const page = await datasetPage()
  expect(page).toContain('Current version</h3>')
  expect(page).not.toContain('without a date')
  expect(page).toContain('Earlier versions (1)')
})

test('a checked web server is offered before a BitTorrent client', async () => {
  const page = await datasetPage()
  expect(page).not.toContain('You need a BitTorrent client')
  expect(page.indexOf('Files by HTTP</a>')).toBeLessThan(page.indexOf('Download .torrent'))
  const torrent = await read(`/torrent/${torrents[1]!.infoHash}`)
  expect(torrent).not.toContain('You need a BitTorrent client')
  expect(torrent).toContain('href="https://mirror.example.edu/soil/pits/soil%20pits.csv"')
  expect(await read(`/torrent/${torrents[0]!.infoHash}`)).toContain('You need a BitTorrent client')
})

test('torrents with the same name are shown with their dates and hashes', async () => {
  const page = await datasetPage()
  for (const { infoHash } of torrents) expect(page).toContain(`<li>v1 + v2 ${infoHash.slice(0, 8)}…</li>`)
  expect(page).toContain('published 2 October 2026')
})

test('a count of zero is not shown', async () => {
  const pages = [await read('/'), await read('/needs'), await read('/account/library.example.edu')].join()
  expect(pages.match(/<dd>0[^<]*<\/dd>|\b0 (?:datasets?|torrents?|seeders?|assessments?)\b/g)).toBeNull()
})

test('a count of one is written in the singular', async () => {
  expect(await read('/')).toContain('<dt>dataset described</dt><dd>1</dd>')
  expect(await read('/', 'es')).toContain('<dt>conjunto descrito</dt><dd>1</dd>')
})

test('a citation on a Spanish page is in Spanish', async () => {
  const page = await datasetPage('es')
  expect(page).toContain('(Versión 2) [Conjunto de datos]')
  expect(page).not.toMatch(/Version 2|\[Data set\]|BitTorrent infohash/)
})
