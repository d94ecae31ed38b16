import { hash } from 'node:crypto'
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type CreateProgress, createTorrent } from './create.ts'
import { startStreamed } from './create-streamed.ts'
import { parseMetainfo } from './metainfo.ts'

let root: string
beforeEach(() => {
  root = join(mkdtempSync(join(tmpdir(), 'holdfast-create-')), 'data')
  mkdirSync(root)
})
afterEach(() => rmSync(join(root, '..'), { recursive: true }))

function write(path: string, content: string | Buffer): string {
  const place = join(root, path)
  mkdirSync(join(place, '..'), { recursive: true })
  writeFileSync(place, content)
  return place
}

const paths = (metainfo: Uint8Array) => parseMetainfo(metainfo).files.map(({ path }) => path.join('/'))

test('makes the same bytes from the same input, whatever the threads or times', async () => {
  write('b/two', 'two')
  write('a', Buffer.alloc(100_000, 7))
  const first = await createTorrent(root, { threads: 1 })
  rmSync(root, { recursive: true })
  utimesSync(write('a', Buffer.alloc(100_000, 7)), 1, 1)
  write('b/two', 'two')
  const second = await createTorrent(root, { threads: 2 })
  expect(Buffer.compare(first.metainfo, second.metainfo)).toBe(0)
  expect(parseMetainfo(second.metainfo)).toMatchObject({
    infoHashV1: first.infoHashV1,
    infoHashV2: first.infoHashV2,
    name: 'data',
    fileCount: 2,
    sizeBytes: 100_003,
    creationDate: null,
    hasPieceLayers: true,
  })
})

test('orders files of v2 by the tree and of v1 by whole paths', async () => {
  for (const path of ['a/x', 'a b', 'a.txt', '\u{1f600}', '\uffee']) write(path, path)
  expect(paths((await createTorrent(root)).metainfo)).toEqual(['a/x', 'a b', 'a.txt', '\uffee', '\u{1f600}'])
  expect(paths((await createTorrent(root, { version: 'v1' })).metainfo)).toEqual([
    'a b',
    'a.txt',
    'a/x',
    '\uffee',
    '\u{1f600}',
  ])
})

test('writes what the options say into the file', async () => {
  write('a', 'a')
  const made = await createTorrent(root, {
    name: 'other',
    pieceLengthBytes: 65_536,
    private: true,
    source: 'S',
    comment: 'C',
    createdBy: 'holdfast',
    creationDate: 5,
    similar: ['11'.repeat(20)],
    collections: ['c'],
    trackers: [
      { url: 'http://a/', tier: 0 },
      { url: 'http://b/', tier: 1 },
    ],
    webseeds: [
      { url: 'http://w/', kind: 'bep19' },
      { url: 'http://s/', kind: 'bep17' },
    ],
  })
  expect(parseMetainfo(made.metainfo)).toMatchObject({
    name: 'other',
    pieceLengthBytes: 65_536,
    private: true,
    source: 'S',
    comment: 'C',
    createdBy: 'holdfast',
    creationDate: 5,
    similar: ['11'.repeat(20)],
    collections: ['c'],
    trackers: [{ url: 'http://a/', tier: 0 }, { tier: 1 }],
    webseeds: [{ kind: 'bep19' }, { kind: 'bep17' }],
  })
  const plain = await createTorrent(root, { name: 'other', pieceLengthBytes: 65_536 })
  expect(plain.infoHashV2).not.toBe(made.infoHashV2)
})

test('leaves out the names, paths and directories that globs match', async () => {
  for (const path of [
    'keep',
    '.DS_Store',
    'sub/.DS_Store',
    'sub/a.tmp',
    'sub/keep',
    'cache/x',
    'sub/cache/y',
  ])
    write(path, path)
  const made = await createTorrent(root, { exclude: ['.DS_Store', '*.tmp', '/cache/'] })
  expect(paths(made.metainfo)).toEqual(['keep', 'sub/cache/y', 'sub/keep'])
})

test('names the files that are skipped, with the reason', async () => {
  for (const path of ['keep', 'junk', 'sub/junk', 'sub/keep']) write(path, path)
  const made = await createTorrent(root, { passOver: (name) => (name === 'junk' ? 'no data' : undefined) })
  expect(paths(made.metainfo)).toEqual(['keep', 'sub/keep'])
  expect(made.skipped).toEqual([
    { path: join(root, 'junk'), reason: 'no data' },
    { path: join(root, 'sub/junk'), reason: 'no data' },
  ])
})

test('never loops or leaves the folder through a symlink', async () => {
  write('dir/file', 'content')
  symlinkSync('dir/file', join(root, 'inside'))
  symlinkSync('..', join(root, 'dir/loop'))
  symlinkSync('/etc/hostname', join(root, 'outside'))
  symlinkSync('nowhere', join(root, 'broken'))

  const followed = await createTorrent(root, { exclude: ['outside'] })
  expect(paths(followed.metainfo)).toEqual(['dir/file', 'inside'])
  expect(followed.skipped.map(({ reason }) => reason).sort()).toEqual([
    'a broken symlink',
    'a symlink that leads back to a directory it is in',
  ])
  const kept = await createTorrent(root, { symlinks: 'keep', exclude: ['loop', 'broken'] })
  expect(kept.skipped).toEqual([
    { path: join(root, 'outside'), reason: 'a symlink that leaves the directory' },
  ])
  const files = parseMetainfo(kept.metainfo).files
  expect(files.map(({ path, symlink }) => [path.join('/'), symlink])).toEqual([
    ['dir/file', null],
    ['inside', ['dir', 'file']],
  ])
  expect(paths((await createTorrent(root, { symlinks: 'skip' })).metainfo)).toEqual(['dir/file'])
})

test('records executable bits only on request', async () => {
  chmodSync(write('run', 'x'), 0o755)
  expect(parseMetainfo((await createTorrent(root)).metainfo).files[0]!.attributes).toBe('')
  expect(parseMetainfo((await createTorrent(root, { attributes: true })).metainfo).files[0]!.attributes).toBe(
    'x',
  )
})

test('puts several paths below one name', async () => {
  const inputs = [write('x/one', '1'), write('y/two', '2'), join(root, 'y')]
  const made = await createTorrent(inputs, { name: 'both' })
  expect(made.name).toBe('both')
  expect(paths(made.metainfo)).toEqual(['one', 'two', 'y/two'])
  await expect(createTorrent(inputs)).rejects.toThrow('needs a name')
  await expect(createTorrent([inputs[0]!, inputs[0]!], { name: 'n' })).rejects.toThrow(
    'Two of the paths are called one',
  )
})

test('every chunk of a chunked store is one piece, with its piecesRoot in any torrent', async () => {
  for (const chunk of ['0.0', '0.1', '1.0']) write(chunk, Buffer.alloc(300_000, chunk))
  write('.zarray', '{}')
  const made = await createTorrent(root, { layout: 'chunks' })
  expect(made.pieceLengthBytes).toBe(524_288)
  expect(made.pieceCount).toBe(4)
  rmSync(join(root, '0.0'))
  const [, known] = parseMetainfo((await createTorrent(root)).metainfo).files
  const [, , again] = parseMetainfo(made.metainfo).files
  expect([known!.path, known!.piecesRoot]).toEqual([again!.path, again!.piecesRoot])
  await expect(createTorrent(root, { layout: 'chunks', version: 'v1' })).rejects.toThrow('piecesRoot')
  const streamed = { name: 'store', isSingleFile: false, stateFile: join(root, '..', 'state') }
  expect(() =>
    startStreamed([{ path: ['0.0'], sizeBytes: 10, identity: '0.0' }], {
      ...{ ...streamed, layout: 'chunks', version: 'v1' },
    }),
  ).toThrow('piecesRoot')
})

test('resumes an interrupted run and notices what changed meanwhile', async () => {
  for (const name of ['a', 'b', 'c']) write(name, Buffer.alloc(40 * 2 ** 20, name))
  const resumeFile = join(root, '..', 'resume')
  const stop = new AbortController()
  const stopped = createTorrent(root, { resumeFile, signal: stop.signal, threads: 1 }, ({ bytesDone }) => {
    if (bytesDone > 50 * 2 ** 20) stop.abort(new Error('stopped'))
  })
  // A machine that is done before the first report has nothing to resume but everything.
  await stopped.catch((error: Error) => expect(error.message).toBe('stopped'))
  const resumed = await createTorrent(root, { resumeFile })
  const fresh = await createTorrent(root)
  expect(resumed.infoHashV2).toBe(fresh.infoHashV2)
  expect(resumed.infoHashV1).toBe(fresh.infoHashV1)
  expect(resumed.resumedBytes).toBeGreaterThanOrEqual(16 * 2 ** 20)

  write('b', Buffer.alloc(40 * 2 ** 20, 'changed'))
  const changed = await createTorrent(root, { resumeFile })
  // A sample of what is remembered is read again.
  expect(changed.resumedBytes).toBeGreaterThanOrEqual(40 * 2 ** 20)
  expect(changed.resumedBytes).toBeLessThan(80 * 2 ** 20)
  expect(changed.infoHashV2).toBe((await createTorrent(root)).infoHashV2)
})

test('loses only the last record of a resume file that was cut short', async () => {
  write('a', Buffer.alloc(40 * 2 ** 20, 'a'))
  const resumeFile = join(root, '..', 'resume')
  const made = await createTorrent(root, { resumeFile })
  writeFileSync(resumeFile, readFileSync(resumeFile).subarray(0, -3))
  const again = await createTorrent(root, { resumeFile })
  expect(again.infoHashV2).toBe(made.infoHashV2)
  expect(again.resumedBytes).toBeGreaterThan(0)
  expect(again.resumedBytes).toBeLessThan(40 * 2 ** 20)
})

test('refuses another file as a resume file', async () => {
  write('a', 'content')
  const resumeFile = join(root, '..', 'resume')
  writeFileSync(resumeFile, 'something else')
  await expect(createTorrent(root, { resumeFile })).rejects.toThrow('not a resume file')
})

test.each<[string, (place: string) => void]>([
  ['is written', (place) => writeFileSync(place, 'A')],
  ['grows', (place) => appendFileSync(place, 'more')],
  ['goes', (place) => rmSync(place)],
  [
    'is given its old time',
    (place) => {
      const { atime, mtime } = statSync(place)
      writeFileSync(place, 'A')
      utimesSync(place, atime, mtime)
    },
  ],
  ['gets a neighbor', (place) => writeFileSync(`${place}-new`, 'x')],
  ['loses a neighbor that was empty', (place) => rmSync(join(place, '..', 'empty'))],
])('fails when a file %s after it was hashed and before the end', async (_how, change) => {
  const place = write('sub/a', 'a')
  write('sub/empty', '')
  write('z', 'z')
  // The last report comes after the last piece.
  const torrent = createTorrent(root, {}, ({ phase }) => phase === 'hash' && change(place))
  await expect(torrent).rejects.toThrow(/sub.* changed while its torrent was made/)
})

test('hashes a file again that was replaced by one of the same size and time', async () => {
  const place = write('a', Buffer.alloc(2 ** 20, 'a'))
  const resumeFile = join(root, '..', 'resume')
  utimesSync(place, 1, 1)
  await createTorrent(root, { resumeFile })
  writeFileSync(`${place}.new`, Buffer.alloc(2 ** 20, 'b'))
  utimesSync(`${place}.new`, 1, 1)
  renameSync(`${place}.new`, place)
  const made = await createTorrent(root, { resumeFile })
  expect(made.infoHashV2).toBe((await createTorrent(root)).infoHashV2)
})

test('ignores a resume file with wrong hashes under the right key', async () => {
  write('a', Buffer.alloc(12 * 2 ** 20, 'a'))
  const resumeFile = join(root, '..', 'resume')
  const right = await createTorrent(root, { resumeFile })
  // Each record with other digests and a check that fits, as after a change that left no trace in the times.
  const bytes = readFileSync(resumeFile)
  for (let at = bytes.indexOf('\n') + 1; at < bytes.length; ) {
    const end = at + 20 + bytes.readUInt32BE(at + 16)
    bytes[at + 20]! ^= 1
    hash('sha256', bytes.subarray(at, end), 'buffer').copy(bytes, end, 0, 4)
    at = end + 4
  }
  writeFileSync(resumeFile, bytes)
  expect(await createTorrent(root, { resumeFile })).toMatchObject({
    infoHashV2: right.infoHashV2,
    resumedBytes: 0,
  })
  expect((await createTorrent(root, { resumeFile })).resumedBytes).toBeGreaterThan(0)
})

test('reports names that other systems cannot have, and refuses them if portable', async () => {
  const [composed, decomposed] = ['Glaci\u00e8re', 'Glacie\u0300re']
  for (const name of [
    'ReadMe',
    'readme',
    'CON.csv',
    'a:b',
    'ends.',
    `d/${composed}`,
    `d/${decomposed}`,
    'fine',
  ])
    write(name, name)
  const { nameProblems, nameProblemCount } = await createTorrent(root)
  expect(nameProblems).toEqual([
    { problem: 'windows', paths: ['CON.csv'] },
    { problem: 'windows', paths: ['a:b'] },
    { problem: 'windows', paths: ['ends.'] },
    { problem: 'case', paths: ['ReadMe', 'readme'] },
    { problem: 'unicode', paths: [`d/${decomposed}`, `d/${composed}`] },
  ])
  expect(nameProblemCount).toBe(5)
  await expect(createTorrent(root, { portable: true })).rejects.toThrow(
    '"ReadMe" and "readme" differ only in case',
  )
})

test('excluded files and the resume file are not in the torrent', async () => {
  write('a', 'a')
  const alone = await createTorrent(root)
  const own = write('data.torrent', 'x')
  const made = await createTorrent(root, { leaveOut: [own], resumeFile: join(root, 'data.torrent.resume') })
  expect(made.infoHashV2).toBe(alone.infoHashV2)
})

test('reports progress from nothing to everything', async () => {
  write('a', Buffer.alloc(8 * 2 ** 20))
  const reports: CreateProgress[] = []
  await createTorrent(root, {}, (progress) => reports.push(progress))
  const hashed = reports.filter(({ phase }) => phase === 'hash').map(({ bytesDone }) => bytesDone)
  expect(hashed).toEqual([...hashed].sort((a, b) => a - b))
  expect(reports.at(-1)).toMatchObject({ bytesDone: 8 * 2 ** 20, bytesTotal: 8 * 2 ** 20, secondsLeft: 0 })
})

test('says why a torrent cannot be made', async () => {
  await expect(createTorrent(join(root, 'absent'))).rejects.toThrow('ENOENT')
  await expect(createTorrent(root)).rejects.toThrow('no data')
  write('empty', '')
  await expect(createTorrent(root)).rejects.toThrow('no data')
  write('a', 'a')
  await expect(createTorrent(root, { pieceLengthBytes: 10_000 })).rejects.toThrow('power of two')
  writeFileSync(Buffer.concat([Buffer.from(`${root}/`), Buffer.from([0xff, 0xfe])]), 'x')
  await expect(createTorrent(root)).rejects.toThrow('not UTF-8')
})
