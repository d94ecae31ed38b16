import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { type Input, readInput } from './read-input.ts'

let directory: string
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-input-'))
})
afterAll(() => rm(directory, { recursive: true }))

const titlesOf = (input: Input) =>
  Array.from(
    { length: input.count },
    (_, index) => input.importAt(index, { createdAt: '2026-11-20T12:00:00.000Z' }).record.title,
  )

async function fileOf(name: string, text: string): Promise<string> {
  const place = join(directory, name)
  await writeFile(place, text)
  return place
}

/** A fetch whose answers are these documents. */
const serverOf =
  (answers: Record<string, { body: string | Buffer; type?: string }>): typeof fetch =>
  async (address) => {
    const { body, type = 'application/json' } = answers[String(address)]!
    return new Response(body as string, { headers: { 'content-type': type } })
  }

const page = (title: string, next?: string) =>
  JSON.stringify({
    '@context': 'https://schema.org/',
    '@graph': [{ '@type': 'Dataset', name: title }, ...(next ? [{ 'hydra:next': { '@id': next } }] : [])],
  })

test('reads every page of an address', async () => {
  const [first, second] = ['https://c.example/1', 'https://c.example/2']
  const fetch = serverOf({ [first]: { body: page('One', second) }, [second]: { body: page('Two') } })
  expect(titlesOf(await readInput(first, { fetch }))).toEqual(['One', 'Two'])
})

test('reports an error when pages lead back to themselves', async () => {
  const first = 'https://c.example/1'
  const fetch = serverOf({ [first]: { body: page('One', first) } })
  await expect(readInput(first, { fetch })).rejects.toThrow('never end')
})

test('uses the charset that a server names', async () => {
  const body = Buffer.from(page('Précipitations'), 'latin1')
  const fetch = serverOf({ 'https://c.example/': { body, type: 'application/json; charset=ISO-8859-1' } })
  expect(titlesOf(await readInput('https://c.example/', { fetch }))).toEqual(['Précipitations'])
})

test('reports a web page that was sent instead of data', async () => {
  const fetch = serverOf({ 'https://c.example/': { body: '<!doctype html><p>Hello', type: 'text/html' } })
  await expect(readInput('https://c.example/', { fetch })).rejects.toThrow(
    "Give the catalog's own address: of a CKAN site https://c.example/api/3/action/package_search",
  )
})

test('reads folders in a folder, including bags', async () => {
  await mkdir(join(directory, 'sub/bag'), { recursive: true })
  await writeFile(join(directory, 'a.json'), page('One'))
  await writeFile(join(directory, 'sub/b.json'), page('Two'))
  await writeFile(
    join(directory, 'sub/bag/bagit.txt'),
    'BagIt-Version: 1.0\nTag-File-Character-Encoding: ISO-8859-1\n',
  )
  await writeFile(join(directory, 'sub/bag/bag-info.txt'), Buffer.from('Title: Genève\n', 'latin1'))
  expect(titlesOf(await readInput(directory, { fetch }))).toEqual(['One', 'Two', 'Genève'])
})

test('reads an RSS feed of torrents, with one item or several', async () => {
  const item = (letter: string) =>
    `<item><title>Digits &amp; more</title><infohash>${letter.repeat(40)}</infohash><size>7</size></item>`
  for (const letters of ['a', 'bc']) {
    const text = `<?xml version="1.0"?><rss><channel><title>x</title>${[...letters].map(item).join('')}</channel></rss>`
    const place = await fileOf('database.xml', text)
    const input = await readInput(place, { fetch })
    expect(input).toMatchObject({ kind: 'academic-torrents', count: letters.length })
    expect(input.importAt(0, { createdAt: '2026-11-20T12:00:00.000Z' }).record).toMatchObject({
      ...{ title: 'Digits & more', sizeBytes: 7 },
    })
  }
})

test('refuses XML that declares entities', async () => {
  const place = await fileOf('bomb.xml', '<?xml version="1.0"?><!DOCTYPE r [<!ENTITY a "aa">]><r>&a;</r>')
  await expect(readInput(place, { fetch })).rejects.toThrow('has a DOCTYPE')
})
