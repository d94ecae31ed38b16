import { hash } from 'node:crypto'
import { expect, test } from 'vitest'
import { type Encodable, encode } from './bencode-tree.ts'
import { type MetainfoError, MetainfoLimitError, parseMetainfo } from './metainfo.ts'
import { mergeMetainfo, reissueMetainfo } from './reissue.ts'

const piece = Buffer.alloc(20, 1)
const root = Buffer.alloc(32, 2)
const v1 = (info: Record<string, Encodable>, outer: Record<string, Encodable> = {}) =>
  encode({ info: { name: 'data', 'piece length': 16_384, pieces: piece, ...info }, ...outer })
const entry = (...path: (string | Uint8Array)[]) => ({ length: 5, path })
const listOf = (...path: (string | Uint8Array)[]) => v1({ files: [entry(...path)] })
const v2 = (tree: Encodable, info: Record<string, Encodable> = {}, outer: Record<string, Encodable> = {}) =>
  encode({
    info: { 'file tree': tree, 'meta version': 2, name: 'data', 'piece length': 16_384, ...info },
    ...outer,
  })
const leaf = (length: number, more: Record<string, Encodable> = {}) => ({
  '': { length, 'pieces root': root, ...more },
})

test('computes the infohash from the bytes as they are in the file', () => {
  // Keys out of order: encoding the parsed dictionary again would give another hash.
  const info = Buffer.concat([
    Buffer.from('d4:name4:data6:lengthi5e12:piece lengthi16384e6:pieces20:'),
    piece,
    Buffer.from('e'),
  ])
  const file = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')])
  const found = parseMetainfo(file)
  expect(found.infoHashV1).toBe(hash('sha1', info))
  expect(found).toMatchObject({
    name: 'data',
    isSingleFile: true,
    sizeBytes: 5,
    fileCount: 1,
    infoHashV2: null,
  })
})

test('reads the fields around info', () => {
  const found = parseMetainfo(
    v1(
      { length: 5, private: 1, source: 'X', similar: [piece], collections: ['c'] },
      {
        announce: 'udp://only-if-no-list',
        'announce-list': [[' http://a ', 'http://b'], [], ['http://c', 7]],
        'url-list': 'http://w/',
        httpseeds: ['http://s/', 3],
        comment: 'wörds',
        'created by': 'x',
        'creation date': 7,
      },
    ),
  )
  expect(found).toMatchObject({
    trackers: [
      { url: 'http://a', tier: 0 },
      { url: 'http://b', tier: 0 },
      { url: 'http://c', tier: 2 },
    ],
    webseeds: [
      { url: 'http://w/', kind: 'bep19' },
      { url: 'http://s/', kind: 'bep17' },
    ],
    private: true,
    source: 'X',
    similar: [piece.toString('hex')],
    collections: ['c'],
    comment: 'wörds',
    createdBy: 'x',
    creationDate: 7,
  })
})

test('distinguishes pad files, symlinks and empty files', () => {
  const found = parseMetainfo(
    v1({
      'piece length': 32_768,
      pieces: piece,
      files: [
        { length: 5, path: ['a', 'b.nc'], attr: 'x' },
        { length: 16_379, path: ['.pad', '16379'], attr: 'p' },
        { length: 3, path: ['wrong'], 'path.utf-8': ['c'] },
        { length: 0, path: ['empty'] },
        { length: 9, path: ['a', 'link'], attr: 'l', 'symlink path': ['..', 'c'] },
      ],
    }),
  )
  expect(found).toMatchObject({ sizeBytes: 8, paddedSizeBytes: 16_387, fileCount: 4 })
  expect(found.files.map(({ path, offset, sizeBytes }) => [path.join('/'), offset, sizeBytes])).toEqual([
    ['a/b.nc', 0, 5],
    ['c', 16_384, 3],
    ['empty', 16_387, 0],
    ['a/link', 16_387, 0],
  ])
  expect(found.files[0]!.attributes).toBe('x')
  expect(found.files[3]!.symlink).toEqual(['c'])
})

test('each file of a v2 torrent starts on a piece', () => {
  const found = parseMetainfo(v2({ b: leaf(20_000), a: { c: leaf(1), d: { '': { length: 0 } } } }))
  expect(found).toMatchObject({
    infoHashV1: null,
    sizeBytes: 20_001,
    paddedSizeBytes: 49_152,
    hasPieceLayers: false,
  })
  expect(found.files.map(({ path, offset }) => [path.join('/'), offset])).toEqual([
    ['a/c', 0],
    ['a/d', 16_384],
    ['b', 16_384],
  ])
})

test.each([
  ['not bencode', Buffer.from('nonsense'), 'file'],
  ['a list', Buffer.from('le'), 'file'],
  ['no info', encode({ announce: 'x' }), 'info'],
  ['no name', encode({ info: { length: 1, 'piece length': 16_384, pieces: piece } }), 'info.name'],
  ['a name that climbs', v1({ length: 5, name: '..' }), 'info.name'],
  ['a name with a NUL', v1({ length: 5, name: 'a\0b' }), 'info.name'],
  ['an absolute path', listOf('/etc', 'passwd'), 'info.files[0].path'],
  ['a path that climbs', listOf('a', '..', '..', 'b'), 'info.files[0].path'],
  ['a path that climbs within an element', listOf('a/../../b'), 'info.files[0].path'],
  ['a path that climbs on Windows', listOf('a\\..\\..\\b'), 'info.files[0].path'],
  ['no path', listOf(), 'info.files[0].path'],
  ['a path of numbers', v1({ files: [{ length: 5, path: [1] }] }), 'info.files[0].path'],
  [
    'a symlink that climbs',
    v1({
      files: [
        { length: 5, path: ['a'] },
        { path: ['b'], attr: 'l', 'symlink path': ['..', 'c'] },
      ],
    }),
    'info.files[1]',
  ],
  ['a negative length', v1({ length: -1 }), 'info.length'],
  [
    'a length over 2^48',
    v1({ files: Array.from({ length: 17 }, (_, i) => ({ length: 17_592_186_028_032, path: [`${i}`] })) }),
    'info',
  ],
  ['too few pieces', v1({ length: 20_000 }), 'info.pieces'],
  ['no bytes', v1({ length: 0, pieces: '' }), 'info'],
  ['piece length zero', v1({ length: 5, 'piece length': 0 }), 'info.piece length'],
  ['an odd piece length in v2', v2({ a: leaf(1) }, { 'piece length': 20_000 }), 'info.piece length'],
  ['an unknown version', v2({ a: leaf(1) }, { 'meta version': 3 }), 'info.meta version'],
  ['a tree without a version', v1({ length: 5, 'file tree': { a: leaf(1) } }), 'info.meta version'],
  ['no tree', v1({ length: 5, 'meta version': 2 }), 'info.file tree'],
  ['a missing root', v2({ a: { '': { length: 1 } } }), 'info.file tree.a'],
  ['a root of zeros', v2({ a: leaf(1, { 'pieces root': Buffer.alloc(32) }) }), 'info.file tree.a'],
  ['a pad in a tree', v2({ a: leaf(1, { attr: 'p' }) }), 'info.file tree.a'],
  ['a climbing tree', v2({ '..': { a: leaf(1) } }), 'info.file tree'],
  ['file and directory at once', v2({ a: { ...leaf(1), b: leaf(1) } }), 'info.file tree.a'],
  [
    'a layer of the wrong length',
    v2({ a: leaf(20_000) }, {}, { 'piece layers': new Map([[root, Buffer.alloc(32)]]) }),
    `piece layers.${root.toString('hex')}`,
  ],
  [
    'a layer that hashes to something else',
    v2({ a: leaf(20_000) }, {}, { 'piece layers': new Map([[root, Buffer.alloc(64)]]) }),
    `piece layers.${root.toString('hex')}`,
  ],
  [
    'lists that differ in name',
    v2({ a: leaf(1) }, { files: [{ length: 1, path: ['b'] }], pieces: piece }),
    'info.files',
  ],
  [
    'lists that differ in size',
    v2({ a: leaf(1) }, { files: [{ length: 2, path: ['a'] }], pieces: piece }),
    'info.files',
  ],
  [
    'v1 files off their pieces',
    v2(
      { a: leaf(1), b: leaf(1) },
      {
        files: [
          { length: 1, path: ['a'] },
          { length: 1, path: ['b'] },
        ],
        pieces: piece,
      },
    ),
    'info.files',
  ],
  ['keys out of order in v2', Buffer.from('d4:infod12:meta versioni2e4:name1:a9:file treedeee'), 'info'],
])('refuses %s and names the field', (_, file, field) => {
  let error: unknown
  try {
    parseMetainfo(file)
  } catch (thrown) {
    error = thrown
  }
  expect((error as MetainfoError).field).toBe(field)
})

const link = (path: string[], ...target: string[]) => ({ path, attr: 'l', 'symlink path': target })
const tree = (depth: number, name: string, leaves: Encodable): Encodable =>
  depth === 0 ? leaves : { [name]: tree(depth - 1, name, leaves) }

test.each<[string, Uint8Array, string]>([
  ['two files of one path', v1({ files: [entry('a', 'b'), entry('c'), entry('a', 'b')] }), 'there twice'],
  [
    'names that are no UTF-8 and come to the same',
    v1({
      files: [
        { length: 5, path: [Buffer.from([0xe8])] },
        { length: 5, path: [Buffer.from([0xe9])] },
      ],
    }),
    'there twice',
  ],
  ['names that differ in slashes', v2({ 'a/b': leaf(1), ab: leaf(1) }), 'there twice'],
  ['a file below a file', v1({ files: [entry('a'), entry('a', 'b')] }), 'file and a directory'],
  [
    'a file above a file',
    v1({ files: [entry('a', 'b', 'c'), entry('z'), entry('a', 'b')] }),
    'file and a dir',
  ],
  [
    'a path through a symlink',
    v1({ files: [entry('d', 'x'), link(['l'], 'd'), entry('l', 'y')] }),
    'through the symlink "l"',
  ],
  [
    'a symlink through a symlink',
    v1({ files: [entry('d', 'e', 'x'), link(['l', 'm'], '..'), link(['l'], 'd', 'e')] }),
    'through the symlink "l"',
  ],
  [
    'a symlink among directories of a tree that come to the same name',
    v2({ 'a/b': { '': { attr: 'l', length: 0, 'symlink path': ['c'] } }, ab: { x: leaf(1) }, c: leaf(1) }),
    'through the symlink "ab"',
  ],
  [
    'two empty files in the list of a hybrid',
    v2(
      { a: { '': { length: 0 } }, b: { '': { length: 0 } }, c: leaf(1) },
      {
        files: [
          { length: 0, path: ['e'] },
          { length: 0, path: ['e'] },
          { length: 1, path: ['c'] },
        ],
        pieces: piece,
      },
    ),
    'there twice',
  ],
])('refuses two files in one place: %s', (_, file, problem) => {
  expect(() => parseMetainfo(file)).toThrow(problem)
})

test('accepts equal pad files, large directories and names that differ only in case', () => {
  const pad = { length: 1, path: ['.pad', '1'], attr: 'p' }
  const files = [entry('a', 'x'), pad, entry('a', 'y'), pad, entry('A', 'x'), entry('b'), entry('a', 'z')]
  expect(parseMetainfo(v1({ files })).fileCount).toBe(5)
})

test.each<[string, Uint8Array]>([
  ['many files below one long path', v2(tree(5, 'd'.repeat(1_000), { a: leaf(1), b: leaf(1) }))],
  ['a long path in a list', listOf(...Array<string>(5).fill('d'.repeat(1_000)))],
  ['a path of many elements', listOf(...Array<string>(2_000).fill('a'))],
  ['a path that grows as it is decoded', listOf(...Array<Buffer>(50).fill(Buffer.alloc(40, 0xff)))],
  [
    'a long target of a symlink',
    v1({ files: [entry('a'), link(['l'], ...Array<string>(5).fill('d'.repeat(1_000)))] }),
  ],
  ['a long URL', v1({ length: 5 }, { 'url-list': [`http://a/${'b'.repeat(10_000)}`] })],
  ['a long tracker', v1({ length: 5 }, { announce: `http://a/${'b'.repeat(10_000)}` })],
  ['many collections', v1({ length: 5, collections: Array<string>(3_000).fill('c') })],
  ['many similar torrents', v1({ length: 5 }, { similar: Array<Buffer>(3_000).fill(piece) })],
])('refuses more than its limits, in a short message: %s', (_, file) => {
  let error: unknown
  try {
    parseMetainfo(file)
  } catch (thrown) {
    error = thrown
  }
  expect(error).toBeInstanceOf(MetainfoLimitError)
  expect((error as Error).message.length).toBeLessThan(1_000)
})

test('ignores piece layers of files that do not exist', () => {
  const strange = new Map(Array.from({ length: 50 }, (_, i) => [Buffer.alloc(32, i + 3), Buffer.alloc(64)]))
  const found = parseMetainfo(v2({ a: leaf(1) }, {}, { 'piece layers': strange }))
  expect(found.hasPieceLayers).toBe(true)
  expect(found.pieceLayer(Buffer.alloc(32, 3).toString('hex'))).toBe(null)
})

test('the caller sets the limits', () => {
  const file = v1(
    {
      files: [
        { length: 5, path: ['a'] },
        { length: 5, path: ['b'] },
      ],
    },
    { 'url-list': ['http://a', 'http://b'] },
  )
  expect(() => parseMetainfo(file, { maxFiles: 1 })).toThrow('more than 1 files')
  expect(() => parseMetainfo(file, { maxBytes: 10 })).toThrow('more than 10')
  expect(() => parseMetainfo(file, { maxUrls: 1 })).toThrow('url-list: more than 1 URLs')
  expect(() => parseMetainfo(file, { maxValues: 5 })).toThrow('more than 5 values')
})

test('issuing a .torrent again changes only what is around info', () => {
  const before = parseMetainfo(
    v1({ length: 5 }, { announce: 'http://stranger/', comment: 'kept', 'url-list': 'http://old/' }),
  )
  const after = parseMetainfo(
    reissueMetainfo(before, {
      trackers: [
        { url: 'http://b/', tier: 1 },
        { url: 'http://a/', tier: 0 },
      ],
      webseeds: [{ url: 'http://new/', kind: 'bep19' }],
    }),
  )
  expect(after.infoHashV1).toBe(before.infoHashV1)
  expect(after.comment).toBe('kept')
  expect(after.trackers.map(({ url }) => url)).toEqual(['http://a/', 'http://b/'])
  expect(after.webseeds).toEqual([{ url: 'http://new/', kind: 'bep19' }])
})

test('merges the trackers and webseeds of equal infos', () => {
  const one = parseMetainfo(v1({ length: 5 }, { announce: 'http://a/', 'url-list': 'http://w/' }))
  const two = parseMetainfo(
    v1({ length: 5 }, { 'announce-list': [['http://a/'], ['http://b/']], httpseeds: ['http://s/'] }),
  )
  const merged = parseMetainfo(mergeMetainfo(one, two))
  expect(merged.infoHashV1).toBe(one.infoHashV1)
  expect(merged.trackers.map(({ url }) => url)).toEqual(['http://a/', 'http://b/'])
  expect(merged.webseeds).toHaveLength(2)
})

test('refuses to merge two different infos', () => {
  const one = parseMetainfo(v1({ length: 5 }))
  expect(() => mergeMetainfo(one, parseMetainfo(v1({ length: 6 })))).toThrow('not the same')
})
