import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { findKey, valueEnd } from './bencode.ts'
import { createTorrent } from './create.ts'
import { type Metainfo, parseMetainfo } from './metainfo.ts'
import { verifyFiles } from './verify.ts'

const pieceLengthBytes = 16_384
let root: string
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'holdfast-verify-')), 'data')
  mkdirSync(join(root, 'sub'), { recursive: true })
  writeFileSync(join(root, 'a'), Buffer.alloc(40_000, 'a'))
  writeFileSync(join(root, 'empty'), '')
  writeFileSync(join(root, 'sub/b'), Buffer.alloc(100, 'b'))
  writeFileSync(join(root, 'sub/c'), Buffer.alloc(70_000, 'c'))
})
afterEach(() => rmSync(join(root, '..'), { recursive: true }))

async function make(version: 'v1' | 'v2' | 'hybrid'): Promise<Metainfo> {
  return parseMetainfo((await createTorrent(root, { version, pieceLengthBytes })).metainfo)
}

test.each(['v1', 'v2', 'hybrid'] as const)(
  '%s: finds whole files correct, from their directory or the one above',
  async (version) => {
    const metainfo = await make(version)
    expect(await verifyFiles(metainfo, root)).toMatchObject({
      ok: true,
      problems: [],
      extra: [],
      badPieceCount: 0,
      fileCount: 4,
    })
    expect(await verifyFiles(metainfo, join(root, '..'))).toMatchObject({ ok: true, root })
  },
)

test.each(['v2', 'hybrid'] as const)('%s: reports each fault at its own file', async (version) => {
  const metainfo = await make(version)
  const damaged = Buffer.alloc(70_000, 'c')
  damaged[20_000] = 0
  writeFileSync(join(root, 'sub/c'), damaged)
  writeFileSync(join(root, 'a'), Buffer.alloc(30_000, 'a'))
  rmSync(join(root, 'sub/b'))
  rmSync(join(root, 'empty'))
  writeFileSync(join(root, 'sub/extra'), 'x')
  const report = await verifyFiles(metainfo, root)
  expect(report.ok).toBe(false)
  expect(report.problems).toEqual([
    // What is there of a file cut short is right as far as it goes.
    {
      path: 'a',
      problem: 'size',
      expectedBytes: 40_000,
      actualBytes: 30_000,
      badPieces: [{ first: 1, last: 2 }],
    },
    { path: 'empty', problem: 'missing', expectedBytes: 0, actualBytes: null, badPieces: [] },
    {
      path: 'sub/b',
      problem: 'missing',
      expectedBytes: 100,
      actualBytes: null,
      badPieces: [{ first: 3, last: 3 }],
    },
    {
      path: 'sub/c',
      problem: 'bad',
      expectedBytes: 70_000,
      actualBytes: 70_000,
      badPieces: [{ first: 5, last: 5 }],
    },
  ])
  expect(report.extra).toEqual(['sub/extra'])
})

test('v1: reports a neighbor of a missing file as unverifiable, not as bad', async () => {
  const metainfo = await make('v1')
  rmSync(join(root, 'sub/b'))
  const report = await verifyFiles(metainfo, root)
  expect(report.problems.map(({ path, problem }) => [path, problem])).toEqual([
    ['a', 'unverifiable'],
    ['sub/b', 'missing'],
    ['sub/c', 'unverifiable'],
  ])
  expect(report.badPieces).toEqual([{ first: 2, last: 2 }])
})

test('v2 without piece layers: says that a file is bad, but not where', async () => {
  const { metainfo: bytes } = await createTorrent(root, { version: 'v2', pieceLengthBytes })
  const at = findKey(bytes, 0, 'piece layers')
  const without = Buffer.concat([
    bytes.subarray(0, at),
    Buffer.from('de'),
    bytes.subarray(valueEnd(bytes, at)),
  ])
  const metainfo = parseMetainfo(without)
  expect(metainfo.hasPieceLayers).toBe(false)
  expect((await verifyFiles(metainfo, root)).ok).toBe(true)
  writeFileSync(join(root, 'sub/c'), Buffer.alloc(70_000, 'd'))
  expect((await verifyFiles(metainfo, root)).problems).toMatchObject([
    { path: 'sub/c', badPieces: [{ first: 4, last: 8 }] },
  ])
})

test('detects a hybrid whose v1 hashes are wrong', async () => {
  const { metainfo: bytes } = await createTorrent(root, { pieceLengthBytes })
  const lying = Buffer.from(bytes)
  const at = lying.indexOf('6:pieces') + 12
  lying[at] = lying[at]! ^ 1
  const metainfo = parseMetainfo(lying)
  expect((await verifyFiles(metainfo, root, { by: 'v2' })).ok).toBe(true)
  expect((await verifyFiles(metainfo, root, { by: 'v1' })).ok).toBe(false)
  expect((await verifyFiles(metainfo, root)).ok).toBe(false)
})

test('finds a single file by itself or in its directory', async () => {
  const metainfo = parseMetainfo((await createTorrent(join(root, 'a'), { pieceLengthBytes })).metainfo)
  expect(await verifyFiles(metainfo, root)).toMatchObject({ ok: true, root: join(root, 'a') })
  expect((await verifyFiles(metainfo, join(root, 'a'))).ok).toBe(true)
  expect((await verifyFiles(metainfo, join(root, 'sub/c'))).problems).toMatchObject([{ problem: 'size' }])
  expect((await verifyFiles(metainfo, join(root, 'nowhere'))).problems).toMatchObject([
    { problem: 'missing' },
  ])
})

test('finds files in the given place, whatever its directories are called', async () => {
  const metainfo = await make('hybrid')
  const renamed = join(root, '..', 'renamed')
  renameSync(root, renamed)
  expect((await verifyFiles(metainfo, renamed)).ok).toBe(true)
  // A directory with the torrent's name that contains the torrent's directory.
  mkdirSync(join(root, 'other'), { recursive: true })
  renameSync(renamed, join(root, 'data'))
  expect(await verifyFiles(metainfo, root)).toMatchObject({ ok: true, root: join(root, 'data') })
  expect((await verifyFiles(metainfo, root, { isRoot: true })).ok).toBe(false)
})

test('finds a single file in the directory that a client made for it', async () => {
  const metainfo = parseMetainfo((await createTorrent(join(root, 'a'), { pieceLengthBytes })).metainfo)
  const directory = join(root, '..', 'downloads')
  mkdirSync(join(directory, 'a'), { recursive: true })
  renameSync(join(root, 'a'), join(directory, 'a/a'))
  expect((await verifyFiles(metainfo, directory)).ok).toBe(true)
})

test('reports a name in another Unicode form as the same file', async () => {
  mkdirSync(join(root, 'Gl\u00e8cier'))
  writeFileSync(join(root, 'Gl\u00e8cier/\u00e9t\u00e9'), 'x')
  const metainfo = await make('hybrid')
  renameSync(join(root, 'Gl\u00e8cier/\u00e9t\u00e9'), join(root, 'Gl\u00e8cier/e\u0301te\u0301'))
  renameSync(join(root, 'Gl\u00e8cier'), join(root, 'Gle\u0300cier'))
  expect(await verifyFiles(metainfo, root)).toMatchObject({
    ok: true,
    extra: [],
    otherForms: [{ path: 'Gl\u00e8cier/\u00e9t\u00e9', onDisk: 'Gle\u0300cier/e\u0301te\u0301' }],
  })
})

test('a symlink is correct if it leads where the torrent says', async () => {
  symlinkSync('sub/b', join(root, 'link'))
  const metainfo = parseMetainfo((await createTorrent(root, { symlinks: 'keep' })).metainfo)
  expect((await verifyFiles(metainfo, root)).ok).toBe(true)
  rmSync(join(root, 'link'))
  symlinkSync('sub/c', join(root, 'link'))
  expect((await verifyFiles(metainfo, root)).problems).toMatchObject([{ path: 'link', problem: 'target' }])
  rmSync(join(root, 'link'))
  writeFileSync(join(root, 'link'), '')
  expect((await verifyFiles(metainfo, root)).problems).toMatchObject([{ path: 'link', problem: 'kind' }])
})

test('reports a pipe in place of a file without waiting for it', async () => {
  const metainfo = await make('hybrid')
  rmSync(join(root, 'a'))
  execFileSync('mkfifo', [join(root, 'a')])
  expect((await verifyFiles(metainfo, root)).problems).toMatchObject([{ path: 'a', problem: 'kind' }])
})
