import { P256Keypair, Secp256k1Keypair } from '@atproto/crypto'
import { encode } from '@atproto/lex-cbor'
import { tidTimeMs } from '@holdfast/lexicons/tid'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTestRepo } from '../../../testing/signed-repo.ts'
import { cidKeyOf, cidKeyToString } from '../cid-key.ts'
import type { CommitFrame } from '../frame/frame.ts'
import { toSigningKey, verifySignature } from './signature.ts'
import { verifyCommit } from './verify-commit.ts'
import { VerifyError, type VerifyFault } from './verify-error.ts'

const ours = 'com.example.dataset'
const wantsPath = (path: string) => path.startsWith(`${ours}/`)

test('verifies random commits of the reference library and finds their previous roots', async () => {
  const rkey = fc.integer({ min: 0, max: 400 }).map((n) => `com.example.${n % 3 ? 'post' : 'dataset'}/r${n}`)
  const batch = fc.array(fc.record({ path: rkey, drop: fc.boolean(), text: fc.nat() }), {
    minLength: 1,
    maxLength: 20,
  })
  await fc.assert(
    fc.asyncProperty(fc.array(batch, { minLength: 1, maxLength: 15 }), async (batches) => {
      const repo = await createTestRepo()
      for (const writes of batches) {
        const held = new Set(repo.paths())
        const changes = Object.fromEntries(
          writes.map(({ path, drop, text }) => [path, drop && held.has(path) ? null : { text }]),
        )
        const frame = await repo.write(changes)
        const verified = await verifyCommit(frame, { key: repo.key, wantsPath, nowMs: Date.now() })
        expect(verified.prevData).toBe(frame.prevData)
        const changed = frame.ops.filter((op) => wantsPath(op.path) && op.cid !== op.prev)
        expect(verified.changes.map(({ path, cid }) => ({ path, cid }))).toEqual(
          changed.map(({ path, cid }) => ({ path, cid })),
        )
      }
    }),
    { numRuns: 12 },
  )
})

test('returns the records of a commit unchanged', async () => {
  const repo = await createTestRepo()
  const record = { $type: ours, title: 'Sea ice' }
  const { changes, rev } = await verifyWith(
    repo,
    await repo.write({ [`${ours}/a`]: record, 'x.y.z/b': { n: 1 } }),
  )
  expect(changes).toEqual([{ path: `${ours}/a`, cid: cidKeyOf(encode(record)), record: expect.anything() }])
  expect(Buffer.from((changes[0] as { record: Uint8Array }).record)).toEqual(Buffer.from(encode(record)))
  expect(tidTimeMs(rev)).toBeLessThanOrEqual(Date.now())
})

const A = `${ours}/a`
const B = 'x.y.z/b'
const forgeries: [string, VerifyFault, (frame: CommitFrame, other: CommitFrame) => Partial<CommitFrame>][] = [
  ['an operation left out', 'ops-mismatch', (frame) => ({ ops: frame.ops.filter((op) => op.path !== B) })],
  [
    'an operation made up',
    'bad-proof',
    (frame) => ({ ops: [...frame.ops, { ...frame.ops[0]!, path: `${ours}/no` }] }),
  ],
  [
    'a delete that did not happen',
    'bad-proof',
    (frame) => ({ ops: [{ ...frame.ops[0]!, action: 'delete', cid: null }] }),
  ],
  [
    'another record',
    'bad-proof',
    (frame) => ({ ops: frame.ops.map((op) => ({ ...op, cid: frame.commit })) }),
  ],
  ['one path twice', 'ops-mismatch', (frame) => ({ ops: [...frame.ops, ...frame.ops] })],
  ['a wrong previous root', 'ops-mismatch', (frame) => ({ prevData: frame.commit })],
  [
    'a wrong previous record',
    'ops-mismatch',
    (frame) => ({ ops: frame.ops.map((op) => ({ ...op, action: 'update' as const, prev: frame.commit })) }),
  ],
  ['the commit of another time', 'malformed-car', (_frame, other) => ({ commit: other.commit })],
  ['the blocks of another commit', 'malformed-car', (_frame, other) => ({ blocks: other.blocks })],
  ['another rev', 'bad-rev', (_frame, other) => ({ rev: other.rev })],
  ['another repo', 'wrong-repo', () => ({ did: 'did:plc:somebodyelse222222222' })],
  [
    'a truncated CAR',
    'malformed-car',
    (frame) => ({ blocks: frame.blocks.subarray(0, frame.blocks.length - 9) }),
  ],
  ['no blocks', 'malformed-car', () => ({ blocks: new Uint8Array() })],
  ['only the head of the CAR', 'malformed-car', (frame) => ({ blocks: frame.blocks.subarray(0, 59) })],
  ['a commit said to be too big', 'missing-block', () => ({ tooBig: true })],
  ['a CAR that is too big', 'too-large', () => ({ blocks: new Uint8Array(3_000_000) })],
  ['endless blocks', 'too-large', (frame) => ({ blocks: withTinyBlocks(frame.blocks) })],
]

test.each(forgeries)('%s is refused as %s', async (_what, fault, forge) => {
  const repo = await createTestRepo()
  const other = await repo.write({ 'x.y.z/first': { n: 0 } })
  const frame = await repo.write({ [A]: { $type: ours, title: 'one' }, [B]: { n: 1 } })
  await expect(verifyWith(repo, { ...frame, ...forge(frame, other) })).rejects.toMatchObject({ fault })
  await expect(verifyWith(repo, frame)).resolves.toMatchObject({ rev: frame.rev })
})

test('a commit with a flipped bit in its blocks never verifies with other records', async () => {
  const repo = await createTestRepo()
  await repo.write(Object.fromEntries(Array.from({ length: 40 }, (_, n) => [`${ours}/k${n}`, { n }])))
  const frame = await repo.write({ [A]: { $type: ours, title: 'one' } })
  const good = await verifyWith(repo, frame)
  for (let at = 0; at < frame.blocks.length; at += 3) {
    const blocks = Uint8Array.from(frame.blocks)
    blocks[at]! ^= 1 << (at % 8)
    const outcome = await verifyWith(repo, { ...frame, blocks }).catch((error: unknown) => error)
    if (outcome instanceof Error) expect(outcome).toBeInstanceOf(VerifyError)
    else expect(outcome).toEqual(good)
  }
})

test('refuses a commit from the future', async () => {
  const repo = await createTestRepo()
  const frame = await repo.write({ [A]: { n: 1 } })
  const early = verifyCommit(frame, { key: repo.key, wantsPath, nowMs: Date.now() - 3_600_000 })
  await expect(early).rejects.toMatchObject({ fault: 'future-rev' })
})

test('refuses a commit that another key signed', async () => {
  const repo = await createTestRepo()
  const frame = await repo.write({ [A]: { n: 1 } })
  const key = toSigningKey((await Secp256k1Keypair.create()).did())!
  const foreign = verifyCommit(frame, { key, wantsPath, nowMs: Date.now() })
  await expect(foreign).rejects.toMatchObject({ fault: 'bad-signature' })
})

test.each([
  ['secp256k1', Secp256k1Keypair, 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n],
  ['P-256', P256Keypair, 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n],
])('%s signatures verify only with a low S', async (_curve, keypairType, order) => {
  const keypair = await keypairType.create()
  const data = Buffer.from('a commit')
  const signature = await keypair.sign(data)
  const key = toSigningKey(keypair.did())!
  expect(await verifySignature(key, data, signature)).toBe(true)
  const s = BigInt(`0x${Buffer.from(signature.subarray(32)).toString('hex')}`)
  const high = Buffer.from((order - s).toString(16).padStart(64, '0'), 'hex')
  expect(await verifySignature(key, data, Buffer.concat([signature.subarray(0, 32), high]))).toBe(false)
  expect(await verifySignature(key, Buffer.from('another'), signature)).toBe(false)
  expect(await verifySignature(key, data, signature.subarray(0, 63))).toBe(false)
  expect(await verifySignature(key, data, new Uint8Array(64))).toBe(false)
})

test('a key of an unsupported kind is refused', () => {
  expect(toSigningKey('did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK')).toBeUndefined()
  expect(toSigningKey('nonsense')).toBeUndefined()
})

test('reads CIDs as the reference library writes them', async () => {
  const repo = await createTestRepo()
  const { commit } = await repo.write({ [A]: { n: 1 } })
  expect(cidKeyToString(commit)).toMatch(/^bafyrei[a-z2-7]{52}$/)
})

function verifyWith(repo: Awaited<ReturnType<typeof createTestRepo>>, frame: CommitFrame) {
  return verifyCommit(frame, { key: repo.key, wantsPath, nowMs: Date.now() })
}

function withTinyBlocks(car: Uint8Array): Uint8Array {
  const blocks = Array.from({ length: 50_001 }, (_, n) => {
    const block = Buffer.alloc(37)
    block[0] = 36
    block.set([1, 0x71, 0x12, 0x20], 1)
    block.writeUInt32BE(n, 5)
    return block
  })
  return Buffer.concat([car.subarray(0, 59), ...blocks])
}
