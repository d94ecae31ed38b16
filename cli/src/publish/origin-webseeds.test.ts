import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { expect, onTestFinished, test } from 'vitest'
import { originWebseeds } from './origin-webseeds.ts'

const files: Record<string, string> = { 'levels/1820.csv': 'one', 'levels/deep/für 1821.csv': 'two' }

async function metainfoOf(path: string) {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-origin-'))
  onTestFinished(() => rm(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) {
    await mkdir(join(directory, name, '..'), { recursive: true })
    await writeFile(join(directory, name), text)
  }
  return parseMetainfo((await createTorrent(join(directory, path))).metainfo)
}

/** An origin at https://e.org/data/ with these files. */
const origin = async (url: string, init: { headers: Record<string, string> }) => {
  const text = files[decodeURIComponent(new URL(url).pathname).replace('/data/', '')]
  const [, from = 0, to = 0] = /bytes=(\d+)-(\d+)/.exec(init.headers.range ?? '') ?? []
  return text === undefined
    ? new Response('', { status: 404 })
    : new Response(text.slice(Number(from), Number(to) + 1), { status: 206 })
}
const sources = (...urls: string[]) => ({ sources: urls.map((url) => ({ url })) })

test('finds addresses of a single file that serve its bytes', async () => {
  const metainfo = await metainfoOf('levels/1820.csv')
  const dataset = sources(
    'https://e.org/data/levels/1820.csv',
    'https://e.org/gone/1820.csv',
    'https://e.org/data/levels/other.csv',
    's3://b/1820.csv',
  )
  expect(await originWebseeds(dataset, metainfo, origin)).toEqual([
    { url: 'https://e.org/data/levels/1820.csv', kind: 'bep19' },
  ])
})

test('finds the folder that has an address for every file of a directory', async () => {
  const metainfo = await metainfoOf('levels')
  const all = ['https://e.org/data/levels/1820.csv', 'https://e.org/data/levels/deep/f%C3%BCr%201821.csv']
  expect(await originWebseeds(sources(...all), metainfo, origin)).toEqual([
    { url: 'https://e.org/data/', kind: 'bep19' },
  ])
  expect(await originWebseeds(sources(all[0]!), metainfo, origin)).toEqual([])
  expect(await originWebseeds({}, metainfo, origin)).toEqual([])
})
