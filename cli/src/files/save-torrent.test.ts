import { mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTorrent } from '@holdfast/torrent/create'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { setVerbosity } from '../output/terminal.ts'
import { fileName, saveText } from './save.ts'
import { saveTorrent, type TorrentFile } from './save-torrent.ts'

let directory: string
beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'holdfast-save-'))
  setVerbosity('quiet')
})
afterEach(async () => {
  setVerbosity('normal')
  await rm(directory, { recursive: true })
})

async function torrentOf(content: string, trackers: string[] = []): Promise<TorrentFile> {
  await mkdir(join(directory, content), { recursive: true })
  await writeFile(join(directory, content, 'data.csv'), content)
  const { infoHashV1, infoHashV2, name, metainfo } = await createTorrent(
    join(directory, content, 'data.csv'),
    {
      trackers: trackers.map((url, tier) => ({ url, tier })),
    },
  )
  return { infoHashV1, infoHashV2, name, chunks: () => [metainfo] }
}
const keep = { overwrites: false }
const bytesOf = (torrent: TorrentFile) => Buffer.concat([...torrent.chunks()])

test('saves two torrents of one name side by side', async () => {
  const place = join(directory, 'data.csv.torrent')
  const [one, two] = [await torrentOf('one'), await torrentOf('two')]
  expect(await saveTorrent(place, one, keep)).toEqual({ file: place, saved: 'written' })
  const { file } = await saveTorrent(place, two, keep)
  expect(file).toBe(join(directory, `data.csv.${two.infoHashV2!.slice(0, 8)}.torrent`))
  expect(await saveTorrent(place, two, keep)).toEqual({ file, saved: 'unchanged' })
  expect(await readFile(place)).toEqual(bytesOf(one))
  expect(await readFile(file)).toEqual(bytesOf(two))
})

test('replaces a saved .torrent of the same data only by one with more trackers', async () => {
  const place = join(directory, 'data.csv.torrent')
  const [few, many] = [
    await torrentOf('one', ['http://a/']),
    await torrentOf('one', ['http://a/', 'http://b/']),
  ]
  await saveTorrent(place, few, keep)
  expect((await saveTorrent(place, many, keep)).saved).toBe('written')
  expect((await saveTorrent(place, few, keep)).saved).toBe('kept')
  expect(await readFile(place)).toEqual(bytesOf(many))
  expect((await saveTorrent(place, few, { overwrites: true })).saved).toBe('written')
})

test('keeps an existing file of another kind', async () => {
  const place = join(directory, 'data.csv.torrent')
  await writeFile(place, 'my notes')
  const torrent = await torrentOf('one')
  expect((await saveTorrent(place, torrent, keep)).file).not.toBe(place)
  expect(await readFile(place, 'utf8')).toBe('my notes')
})

test('writes nothing through a link', async () => {
  const [place, victim] = [join(directory, 'data.csv.torrent'), join(directory, 'victim')]
  const torrent = await torrentOf('one')
  await writeFile(victim, 'mine')
  await symlink(victim, place)
  for (const overwrites of [false, true])
    await expect(saveTorrent(place, torrent, { overwrites })).rejects.toThrow('symlink')
  await expect(saveText(place, 'x', true)).rejects.toThrow('symlink')
  expect(await readFile(victim, 'utf8')).toBe('mine')
})

test('refuses to replace another text and leaves no temporary file', async () => {
  const place = join(directory, 'catalog.jsonld')
  expect(await saveText(place, 'one', false)).toBe('written')
  expect(await saveText(place, 'one', false)).toBe('unchanged')
  await expect(saveText(place, 'two', false)).rejects.toThrow('--overwrite')
  expect(await readdir(directory)).toEqual(['catalog.jsonld'])
})

test.each([
  ['../../.bashrc', '.._.._.bashrc.torrent'],
  ['..', '_.torrent'],
  ['a\u001b[2Jb\n', 'a_[2Jb_.torrent'],
  ['', '_.torrent'],
])('saves a torrent called %j as %s', (name, file) => {
  expect(fileName(name, '.torrent')).toBe(file)
})

test('cuts a long name between characters', () => {
  const name = fileName('ü'.repeat(200), '.torrent')
  expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255)
  expect(name).toMatch(/^ü+\.torrent$/)
})
