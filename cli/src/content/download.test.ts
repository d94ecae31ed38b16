import {
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { type Metainfo, type MetainfoFile, parseMetainfo } from '@holdfast/torrent/metainfo'
import type { WebseedFetch } from '@holdfast/torrent/webseed'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { downloadFromWebseeds } from './download.ts'

let home: string
let out: string
beforeEach(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'holdfast-download-')))
  out = join(home, 'out')
})
afterEach(() => rm(home, { recursive: true }))

const files: Record<string, Buffer> = {
  'log.csv': Buffer.alloc(100_000, 'log '),
  README: Buffer.from('read me\n'),
  'deep/er/data.bin': Buffer.alloc(50_000, 'data'),
  'deep/empty': Buffer.alloc(0),
}

async function make(version: 'v1' | 'hybrid' = 'hybrid', given = files, name = 'levels'): Promise<Metainfo> {
  const source = join(home, 'source', name)
  await rm(source, { recursive: true, force: true })
  for (const [path, bytes] of Object.entries(given)) {
    await mkdir(join(source, path, '..'), { recursive: true })
    await writeFile(join(source, path), bytes)
  }
  return parseMetainfo((await createTorrent(source, { version, pieceLengthBytes: 16_384 })).metainfo)
}

/** A webseed that serves the original files, until it has answered this many requests. */
function seedOf(given = files, answers = Number.POSITIVE_INFINITY): WebseedFetch & { asked: number } {
  const fetch = async (url: string, init: { headers: Record<string, string> }) => {
    if (++fetch.asked > answers) throw new Error('the seed is gone')
    const path = decodeURIComponent(new URL(url).pathname.split('/').slice(2).join('/'))
    const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(init.headers.range!)!
    const body = given[path]?.subarray(Number(from), Number(to) + 1)
    return body ? new Response(new Uint8Array(body), { status: 206 }) : new Response(null, { status: 404 })
  }
  fetch.asked = 0
  return fetch as WebseedFetch & { asked: number }
}

function download(metainfo: Metainfo, fetch = seedOf(), overwrites = false) {
  const seeds = [{ url: 'http://seed.example/', kind: 'bep19' as const }]
  return downloadFromWebseeds(metainfo, { directory: out, seeds, fetch, overwrites })
}

/** Every file and link under a directory, with its content. */
async function contentOf(directory: string): Promise<Record<string, string>> {
  const found: Record<string, string> = {}
  for (const entry of await readdir(directory, { recursive: true, withFileTypes: true }))
    if (!entry.isDirectory()) {
      const place = join(entry.parentPath, entry.name)
      found[place.slice(directory.length + 1)] = entry.isSymbolicLink()
        ? 'link'
        : await readFile(place, 'latin1')
    }
  return found
}
const whole = Object.fromEntries(
  Object.entries(files).map(([path, bytes]) => [`levels/${path}`, bytes.toString('latin1')]),
)

test.each(['v1', 'hybrid'] as const)(
  '%s: downloads every file once and leaves nothing else',
  async (version) => {
    const metainfo = await make(version)
    expect(await download(metainfo)).toMatchObject({ downloadedBytes: 150_008, keptBytes: 0 })
    expect(await contentOf(out)).toEqual(whole)
    const again = seedOf()
    expect(await download(metainfo, again)).toMatchObject({ downloadedBytes: 0, keptBytes: 150_008 })
    expect(again.asked).toBe(0)
  },
)

test('keeps unfinished data in a .part file and resumes from it', async () => {
  const metainfo = await make()
  await expect(download(metainfo, seedOf(files, 5))).rejects.toThrow('the seed is gone')
  expect((await readdir(out)).map((name) => name.replace(/[0-9a-f]{8}/, '#'))).toEqual(['levels.#.part'])
  const rest = await download(metainfo)
  expect(rest.downloadedBytes).toBeLessThan(150_008)
  expect(rest.keptBytes).toBeGreaterThan(0)
  expect(await contentOf(out)).toEqual(whole)
})

test.each(['v1', 'hybrid'] as const)(
  '%s: keeps existing files of other content and downloads nothing',
  async (version) => {
    const metainfo = await make(version)
    await mkdir(join(out, 'levels/deep'), { recursive: true })
    const mine = { 'levels/log.csv': `${'log '.repeat(25_000)}my own work`, 'levels/deep/empty': 'not empty' }
    for (const [path, text] of Object.entries(mine)) await writeFile(join(out, path), text)
    const fetch = seedOf()
    await expect(download(metainfo, fetch)).rejects.toThrow(/log\.csv.*--overwrite/s)
    expect(fetch.asked).toBe(0)
    expect(await contentOf(out)).toEqual(mine)
    await download(metainfo, fetch, true)
    expect(await contentOf(out)).toEqual(whole)
  },
)

test('overwriting does not download correct files again', async () => {
  const metainfo = await make()
  await download(metainfo)
  await truncate(join(out, 'levels/log.csv'), 90_000)
  const { downloadedBytes } = await download(metainfo, seedOf(), true)
  expect(downloadedBytes).toBeLessThan(20_000)
  expect(await contentOf(out)).toEqual(whole)
})

test('v1: keeps a file of the right length whose content is the torrent’s', async () => {
  const metainfo = await make('v1')
  await mkdir(join(out, 'levels'), { recursive: true })
  await writeFile(join(out, 'levels/README'), files.README!)
  await download(metainfo)
  expect(await contentOf(out)).toEqual(whole)
})

test('v1: keeps and names a file of the right length with other content', async () => {
  const metainfo = await make('v1')
  await mkdir(join(out, 'levels'), { recursive: true })
  await writeFile(join(out, 'levels/README'), 'my own\n\n')
  await expect(download(metainfo)).rejects.toThrow('README is there already')
  expect(await readFile(join(out, 'levels/README'), 'utf8')).toBe('my own\n\n')
})

test('keeps two torrents of one name apart, even unfinished ones', async () => {
  const [one, two] = [await make(), await make('hybrid', { 'log.csv': Buffer.alloc(80_000, 'two') })]
  await expect(download(one, seedOf(files, 3))).rejects.toThrow('gone')
  await expect(download(two, seedOf({ 'log.csv': Buffer.alloc(80_000, 'two') }, 3))).rejects.toThrow('gone')
  expect((await readdir(out)).filter((name) => name.endsWith('.part'))).toHaveLength(2)
  await download(one)
  await expect(download(two)).rejects.toThrow('log.csv')
  expect(await contentOf(join(out, 'levels'))).toEqual(
    Object.fromEntries(Object.entries(whole).map(([path, text]) => [path.slice(7), text])),
  )
})

test.each([
  ['in place of a file', 'levels/README'],
  ['above a file', 'levels/deep'],
  ['in place of the torrent', 'levels'],
])('does not write through a link %s, even when overwriting', async (_where, path) => {
  const metainfo = await make()
  const victim = join(home, 'victim')
  await mkdir(victim)
  await writeFile(join(victim, 'README'), 'mine')
  await mkdir(join(out, path, '..'), { recursive: true })
  await symlink(path.endsWith('README') ? join(victim, 'README') : victim, join(out, path))
  for (const overwrites of [false, true])
    await expect(download(metainfo, seedOf(), overwrites)).rejects.toThrow('symlink')
  expect(await contentOf(victim)).toEqual({ README: 'mine' })
})

/** A torrent as a parser without any checks would return it. */
function withFiles(metainfo: Metainfo, list: (files: MetainfoFile[]) => MetainfoFile[]): Metainfo {
  const changed = list([...metainfo.files])
  return { ...metainfo, files: changed, iterateFiles: () => changed.values() as Generator<MetainfoFile> }
}
const linkTo = (path: string[], symlink: string[]): MetainfoFile => ({
  path,
  symlink,
  sizeBytes: 0,
  offset: 0,
  piecesRoot: null,
  attributes: '',
})

test.each([
  ['a path that climbs', ['..', 'evil']],
  ['a path with a slash within', ['a/../../evil']],
  ['an empty name', ['']],
])('refuses %s even if the parser accepted it', async (_what, path) => {
  const metainfo = withFiles(await make(), (given) =>
    given.map((file, i) => (i === 0 ? { ...file, path } : file)),
  )
  await expect(download(metainfo)).rejects.toThrow()
  expect(await readdir(home)).not.toContain('evil')
})

test('makes links last and writes no file through them', async () => {
  const metainfo = await make()
  const links = [linkTo(['a'], ['deep']), linkTo(['b', 'c'], ['deep', 'er'])]
  await download(withFiles(metainfo, (given) => [...links, ...given]))
  expect(await readFile(join(out, 'levels/a/er/data.bin'))).toEqual(files['deep/er/data.bin'])
  expect(await readFile(join(out, 'levels/b/c/data.bin'))).toEqual(files['deep/er/data.bin'])
  expect((await lstat(join(out, 'levels/a'))).isSymbolicLink()).toBe(true)
  // Again, with the links in place: a path that leads through one.
  const through = withFiles(metainfo, (given) =>
    given.map((file, i) => (i === 0 ? { ...file, path: ['a', 'x'] } : file)),
  )
  await expect(download(through)).rejects.toThrow('symlink')
  const both = withFiles(metainfo, (given) => [linkTo(['README'], ['log.csv']), ...given])
  await expect(download(both)).rejects.toThrow('twice')
})

test('a link never replaces a file', async () => {
  const metainfo = withFiles(await make(), (given) => [linkTo(['note'], ['README']), ...given])
  await mkdir(join(out, 'levels'), { recursive: true })
  await writeFile(join(out, 'levels/note'), 'mine')
  await expect(download(metainfo, seedOf(), true)).rejects.toThrow('note is a file')
  expect(await contentOf(out)).toEqual({ 'levels/note': 'mine' })
})

test('a file that appears during the download is not replaced', async () => {
  const metainfo = await make()
  await mkdir(join(out, 'levels'), { recursive: true })
  const seed = seedOf()
  const meanwhile: WebseedFetch = async (url, init) => {
    await writeFile(join(out, 'levels/README'), 'mine')
    return seed(url, init)
  }
  await expect(download(metainfo, Object.assign(meanwhile, { asked: 0 }))).rejects.toThrow('README')
  expect(await readFile(join(out, 'levels/README'), 'utf8')).toBe('mine')
  await rename(join(out, 'levels/README'), join(out, 'mine'))
  expect((await download(metainfo)).downloadedBytes).toBeLessThan(150_008)
})
