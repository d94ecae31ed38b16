import { encode } from '@holdfast/torrent/bencode-tree'
import { afterEach, expect, test } from 'vitest'
import { makeTorrent } from '../../../testing/publishing.ts'
import { ThreadLostError } from '../../threads/thread-pool.ts'
import { createMetainfoChecker, type MetainfoChecker } from './metainfo-checker.ts'

const limits = { indexedFiles: 10, maxFiles: 2_000_000, allowPrivateHosts: false }
const root = Buffer.alloc(32, 2)
let checker: MetainfoChecker
afterEach(() => checker[Symbol.asyncDispose]())

/** A `.torrent` of more than a million bytes, padded outside `info`. */
function largeTorrent() {
  const { infoHashV1, bytes } = makeTorrent('ice.csv', Buffer.alloc(40_000, 7))
  const padding = Buffer.concat([Buffer.from('4:zzzz1200000:'), Buffer.alloc(1_200_000, 0x61)])
  return {
    infoHashV1,
    bytes: new Uint8Array(Buffer.concat([bytes.subarray(0, -1), padding, Buffer.from('e')])),
  }
}

test('checks large files without blocking the event loop', async () => {
  checker = createMetainfoChecker()
  const { infoHashV1 } = largeTorrent()
  let turns = 0
  const ticking = setInterval(() => turns++, 1)
  const claims = { name: 'ice.csv', infoHashV1 }
  const check = (job: object) =>
    checker.check({ bytes: largeTorrent().bytes, claims, limits, ...job }, 'did:plc:a')
  for (const { verdict, bytes } of await Promise.all([check({}), check({}), check({})])) {
    expect(verdict).toMatchObject({ ok: true, facts: { infoHashV1, fileCount: 1 } })
    expect(Buffer.compare(bytes, largeTorrent().bytes)).toBe(0)
  }
  clearInterval(ticking)
  expect(turns).toBeGreaterThan(0)
  const wrong = { claims: { ...claims, infoHashV1: 'f'.repeat(40) } }
  expect((await check(wrong)).verdict).toMatchObject({ ok: false, reason: 'infohash-mismatch' })
})

test('a check that takes too long is stopped, and others are not', async () => {
  // Small files get a minute, and the large one a millisecond.
  const perMbMs = -59_999 / (largeTorrent().bytes.length / 1e6)
  checker = createMetainfoChecker({ deadline: { baseMs: 60_000, perMbMs } })
  const claims = { name: 'ice.csv' }
  const slow = checker.check({ bytes: largeTorrent().bytes, claims, limits }, 'did:plc:a')
  const { bytes } = makeTorrent('ice.csv', Buffer.alloc(40, 7))
  const small = checker.check({ bytes, claims, limits }, 'did:plc:b')
  await expect(slow).rejects.toBeInstanceOf(ThreadLostError)
  expect((await small).verdict.ok).toBe(true)
})

test('keeps as many files as their paths leave room for', async () => {
  checker = createMetainfoChecker()
  let tree: Record<string, object> = Object.fromEntries(
    Array.from({ length: 9_990 }, (_, i) => [`f${i}`, { '': { length: 1, 'pieces root': root } }]),
  )
  for (let i = 0; i < 4; i++) tree = { ['d'.repeat(1_000)]: tree }
  const info = { 'file tree': tree as never, 'meta version': 2, name: 'x', 'piece length': 16_384 }
  const bytes = encode({ info })
  const many = { ...limits, indexedFiles: 10_000 }
  const { verdict } = await checker.check({ bytes, claims: { name: 'x' }, limits: many }, 'did:plc:a')
  if (!verdict.ok) throw new Error(verdict.detail)
  const paths = verdict.facts.files.map(({ path }) => path)
  expect(verdict.facts.fileCount).toBe(9_990)
  expect(paths.length).toBeGreaterThan(500)
  expect(paths.join('').length).toBeLessThanOrEqual(4_000_000)
})

test('refuses a path longer than any system can open', async () => {
  checker = createMetainfoChecker()
  let tree: Record<string, object> = { a: { '': { length: 1, 'pieces root': root } } }
  for (let i = 0; i < 90; i++) tree = { ['d'.repeat(4_000)]: tree }
  const info = { 'file tree': tree as never, 'meta version': 2, name: 'x', 'piece length': 16_384 }
  const { verdict } = await checker.check(
    { bytes: encode({ info }), claims: { name: 'x' }, limits },
    'did:plc:a',
  )
  expect(verdict).toMatchObject({ ok: false, reason: 'metainfo-too-large' })
})

test('disposing of the checker ends its threads', async () => {
  checker = createMetainfoChecker()
  const checking = checker.check(
    { bytes: largeTorrent().bytes, claims: { name: 'ice.csv' }, limits },
    'did:plc:a',
  )
  await Promise.all([expect(checking).rejects.toThrow('stopped'), checker[Symbol.asyncDispose]()])
})
