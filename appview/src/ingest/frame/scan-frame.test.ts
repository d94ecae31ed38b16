import { encode, type LexValue } from '@atproto/lex-cbor'
import { parseCid } from '@atproto/lex-data'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { mutate } from '../../../testing/mutate.ts'
import { createDidPrefixFilter } from './did-prefix-filter.ts'
import { decodeFrame, type FrameFilter } from './frame.ts'
import { createFrameScanner } from './scan-frame.ts'

const cidPattern = parseCid('bafyreiclp443lavogvhj3d2ob2cxbfuscni2k5jk7bebjzg7khl3esabwq')
const rawCid = parseCid('bafkreibjfgx2gprinfvicegelk5kosd6y2frmqpqzwqkg7usac74l3t2v4')
const ours = 'com.example.dataset'
const filter: FrameFilter = {
  wantsPath: (path) => path.startsWith(`${ours}/`),
  tracks: (did) => did === 'did:plc:tracked',
}
const prefixes = createDidPrefixFilter()
prefixes.add('did:plc:tracked')
const scan = createFrameScanner({ ...filter, prefixes }, ['com.example.'])

const cid = fc.constantFrom(cidPattern, cidPattern, cidPattern, rawCid)
const path = fc.oneof(
  fc.constantFrom(`${ours}/self`, `${ours}x/self`, 'com.example.other/1', 'app.bsky.feed.post/3l', 'é/è'),
  fc.string({ maxLength: 12 }),
)
const op = fc.record(
  {
    action: fc.constantFrom('create', 'update', 'delete', 'other'),
    path,
    cid: fc.option(cid),
    prev: fc.option(cid),
  },
  { requiredKeys: ['action', 'path'] },
)
const did = fc.constantFrom('did:plc:tracked', 'did:plc:other', 'did:web:example.com', 'no did', 'did:plc:é')
const lex: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    fc.constantFrom(null, true, false, cidPattern, rawCid),
    fc.maxSafeInteger(),
    fc.string({ unit: 'binary' }),
    fc.uint8Array(),
    fc.array(tie('value')),
    fc.dictionary(fc.string(), tie('value')),
  ),
})).value
const seq = fc.oneof(fc.maxSafeNat(), fc.constantFrom(-1, 23, 24, 255, 256, 65_536, 2 ** 32, 2 ** 53 - 1))
const time = fc.constant('2026-11-20T00:00:00.000Z')
const blocks = fc.uint8Array({ maxLength: 400 })
const extra = fc.dictionary(fc.string(), lex, { maxKeys: 2 })
const commit = fc.record({
  ops: fc.array(op, { maxLength: 4 }),
  rev: fc.constant('3lz2222222222'),
  seq,
  repo: did,
  time,
  blobs: fc.array(cid, { maxLength: 2 }),
  since: fc.option(fc.constant('3lz2222222222')),
  blocks,
  commit: cid,
  rebase: fc.boolean(),
  tooBig: fc.boolean(),
  prevData: fc.option(cid),
})
const about = fc.record(
  {
    did,
    seq,
    time,
    rev: fc.string(),
    blocks,
    active: fc.boolean(),
    status: fc.string(),
    handle: fc.string(),
  },
  { requiredKeys: ['did', 'seq'] },
)
const frame = fc
  .oneof(
    { weight: 6, arbitrary: fc.tuple(fc.constant('#commit'), commit) },
    { weight: 3, arbitrary: fc.tuple(fc.constantFrom('#sync', '#identity', '#account', '#other'), about) },
    { weight: 1, arbitrary: fc.tuple(fc.constantFrom('#commit', '#info', '#account'), lex) },
  )
  .chain(([t, body]) => fc.tuple(fc.constant(t), fc.constant(body), extra))
  .map(([t, body, more]) => {
    const whole = typeof body === 'object' && body && !Array.isArray(body) ? { ...more, ...body } : body
    return frameOf({ op: 1, t }, whole)
  })

test('the scanner agrees with the full decoder on any frame', () => {
  fc.assert(
    fc.property(frame, (bytes) => void expect(scan(bytes)).toEqual(decodeFrame(bytes, filter))),
    { numRuns: 3_000 },
  )
})

test('the scanner agrees with the full decoder on damaged and random bytes', () => {
  fc.assert(
    fc.property(frame, fc.infiniteStream(fc.maxSafeNat()), (bytes, choices) => {
      const mutated = mutate(bytes, (limit) => choices.next().value! % limit)
      expect(scan(mutated)).toEqual(decodeFrame(mutated, filter))
    }),
    { numRuns: 5_000 },
  )
  fc.assert(
    fc.property(fc.uint8Array(), (bytes) => void expect(scan(bytes)).toEqual(decodeFrame(bytes, filter))),
  )
})

test.each(['commit', 'account'])(
  'a #%s with a key named like a prototype goes to the full decoder',
  (kind) => {
    const body = kind === 'commit' ? commitOf('app.bsky.feed.post/3l') : { did: 'did:plc:other', seq: 7 }
    for (const more of [{ zzzzzzzzz: new Uint8Array(0) }, { zzzzzzzzzz: { zzzzzzzzz: 1 } }]) {
      const plain = Buffer.from(frameOf({ op: 1, t: `#${kind}` }, { ...body, ...more })).toString('latin1')
      const bytes = new Uint8Array(Buffer.from(plain.replace(/(?<!z)z{9}(?!z)/, '__proto__'), 'latin1'))
      expect(scan(bytes)).toEqual(decodeFrame(bytes, filter))
    }
  },
)

test('a frame without records of ours is not decoded', () => {
  const bytes = frameOf(
    { op: 1, t: '#commit' },
    { ...commitOf('app.bsky.feed.post/3l'), blocks: new Uint8Array(3_000) },
  )
  // The blocks are random bytes, which no decoder could read, and the filter needs only the repository's DID.
  const seen: string[] = []
  const scanner = createFrameScanner({ wantsPath: () => true, tracks: (did) => seen.push(did) === 0 }, [
    'org.',
  ])
  expect(scanner(bytes)).toEqual({ kind: 'skip', seq: 7 })
  expect(seen).toEqual(['did:plc:other'])
})

test('a frame with a record of ours is decoded whole', () => {
  const frame = scan(frameOf({ op: 1, t: '#commit' }, commitOf(`${ours}/self`)))
  expect(frame).toMatchObject({
    kind: 'commit',
    seq: 7,
    did: 'did:plc:other',
    rev: '3lz2222222222',
    since: null,
  })
})

test.each([
  ['nothing', new Uint8Array()],
  ['a header alone', encode({ op: 1, t: '#commit' })],
  ['a third item', Buffer.concat([frameOf({ op: 1, t: '#commit' }, commitOf('a/b')), encode(1)])],
  ['an unknown operation', frameOf({ op: 2, t: '#commit' }, commitOf('a/b'))],
  ['nesting without end', Buffer.concat([encode({ op: 1, t: '#commit' }), Buffer.alloc(2_000_000, 0x81)])],
  [
    'a length beyond the frame',
    Buffer.concat([encode({ op: 1, t: '#commit' }), Buffer.from('bb7fffffffffffffff', 'hex')]),
  ],
])('%s is malformed but not fatal', (_what, bytes) => {
  expect(scan(bytes).kind).toBe('malformed')
})

function commitOf(path: string) {
  return {
    ops: [{ action: 'create', path, cid: cidPattern }],
    rev: '3lz2222222222',
    seq: 7,
    repo: 'did:plc:other',
    time: '2026-11-20T00:00:00.000Z',
    blobs: [],
    since: null,
    blocks: new Uint8Array(10),
    commit: cidPattern,
    rebase: false,
    tooBig: false,
  }
}

function frameOf(header: unknown, body: unknown): Uint8Array {
  return new Uint8Array(Buffer.concat([encode(header as LexValue), encode(body as LexValue)]))
}
