import { Secp256k1Keypair } from '@atproto/crypto'
import { encode } from '@atproto/lex-cbor'
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import * as forge from '../network/forge.ts'
import { type HostilePds, startHostilePds } from '../network/hostile-pds.ts'
import { startPlc, type TestPlc } from '../network/plc.ts'
import { encodeFrame, type Frame } from '../network/relay/frames.ts'
import { SignedRepo } from '../network/signed-repo.ts'
import { waitFor } from '../network/wait-for.ts'
import { type Following, startFollowing } from './following.ts'

const ours = collections.dataset
const dataset = (title: string) => ({ $type: ours, title, createdAt: '2026-11-20T00:00:00.000Z' })

let stack: AsyncDisposableStack
let plc: TestPlc
let host: HostilePds
let index: Following

beforeAll(async () => {
  stack = new AsyncDisposableStack()
  plc = stack.use(await startPlc())
  host = stack.use(await startHostilePds())
  index = stack.use(await startFollowing({ plcUrl: plc.url }, { sources: [host.url], backfill: [] }))
})
afterAll(() => stack.disposeAsync())

type Forgery = (frame: Frame, repo: SignedRepo) => Frame | Promise<Frame>

const refused: [string, string, Forgery][] = [
  [
    'signed with another key',
    'bad-signature',
    async (frame) => forge.resign(frame, await Secp256k1Keypair.create()),
  ],
  [
    'from the future',
    'rev-in-future',
    (frame, repo) => forge.resign(frame, repo.key, { rev: forge.revAt(Date.now() + 3_600_000) }),
  ],
  [
    'of another account',
    'invalid-commit',
    (frame, repo) => forge.resign(frame, repo.key, { did: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa' }),
  ],
  [
    'with a rev that its commit does not have',
    'invalid-commit',
    (frame) => forge.withBody(frame, { rev: forge.revAt(Date.now()) }),
  ],
  [
    'with a record under a wrong CID',
    'cid-mismatch',
    (frame) => forge.withTamperedBlock(frame, encode(dataset('other'))),
  ],
  [
    'with garbage for blocks',
    'invalid-commit',
    (frame) => forge.withBody(frame, { blocks: new Uint8Array(500).fill(7) }),
  ],
  [
    'cut off',
    'invalid-commit',
    (frame) => forge.withBody(frame, { blocks: (frame.body.blocks as Uint8Array).subarray(0, 200) }),
  ],
  [
    'of a CAR that names a bomb of a block',
    'invalid-commit',
    (frame) =>
      forge.withBody(frame, {
        blocks: Buffer.concat([
          (frame.body.blocks as Uint8Array).subarray(0, 59),
          Buffer.from('ffffff7f', 'hex'),
        ]),
      }),
  ],
]

test.each(refused)(
  'refuses a commit %s as %s and accepts the next honest one',
  async (_what, reason, forgery) => {
    const repo = await hostedRepo()
    const before = index.ingest.metrics.rejects.get(reason as never)?.count ?? 0
    const honest = await repo.create(ours, 'second', dataset('second'))
    host.emit(await forgery(honest, repo))
    await waitFor(() => (index.ingest.metrics.rejects.get(reason as never)?.count ?? 0) > before, {
      what: reason,
    })
    expect(await recordsOf(repo)).toEqual(['first'])
    host.emit(honest)
    await waitFor(async () => (await recordsOf(repo)).length === 2, { what: 'the honest commit' })
  },
)

const incomplete: [string, Forgery][] = [
  ['leaves out an operation', (frame) => forge.withoutOp(frame)],
  [
    'makes up an operation',
    (frame) => forge.withOp(frame, { action: 'create', path: `${ours}/made-up`, cid: firstCid(frame) }),
  ],
  ['says a wrong CID', (frame) => forge.withWrongCid(frame)],
  ['leaves out a block', (frame) => forge.withoutBlock(frame)],
  ['says a wrong prevData', (frame) => forge.withBody(frame, { prevData: firstCid(frame) })],
  ['does not say what it follows', (frame) => forge.withBody(frame, { prevData: null })],
]

test.each(incomplete)(
  'a signed commit whose host %s causes a read of the whole repository',
  async (_what, forgery) => {
    const repo = await hostedRepo()
    const asked = index.ingest.metrics.resyncs.asked
    const frame = await repo.write([
      { action: 'delete', collection: ours, rkey: 'first' },
      { action: 'create', collection: ours, rkey: 'second', record: dataset('second') },
    ])
    host.emit(await forgery(frame, repo))
    await waitFor(async () => (await recordsOf(repo)).join() === 'second', {
      what: 'the repository as it is',
    })
    expect(index.ingest.metrics.resyncs.asked).toBe(asked + 1)
  },
)

test('invalid frames are counted and skipped', async () => {
  const before = index.ingest.metrics.rejects.get('invalid-cbor')?.count ?? 0
  const frame = encodeFrame(await (await hostedRepo()).create(ours, 'x', dataset('x')))
  const broken = [
    new Uint8Array(),
    frame.subarray(0, frame.length / 2),
    Buffer.concat([frame.subarray(0, 15), Buffer.alloc(100_000, 0x81)]),
    Buffer.from('not a frame'),
    Buffer.concat([frame, frame]),
  ]
  for (const bytes of broken) host.stream.sendRaw(bytes)
  await waitFor(
    () => (index.ingest.metrics.rejects.get('invalid-cbor')?.count ?? 0) === before + broken.length,
    {
      what: 'the broken frames to be counted',
    },
  )
  await hostedRepo()
})

test('skips a frame beyond the size limit', async () => {
  host.stream.sendRaw(new Uint8Array(6_000_000))
  await hostedRepo()
})

test('a record with an invalid value, key or size is kept with its reason', async () => {
  const repo = await hostedRepo()
  host.emit(await repo.create(ours, 'untitled', { $type: ours, createdAt: 'yesterday' }))
  host.emit(await repo.create(ours, 'another-type', { ...dataset('typed'), $type: 'com.example.note' }))
  host.emit(await repo.create(collections.webseed, 'no-tid', { $type: collections.webseed }))
  await waitFor(async () => (await index.records()).filter((one) => one.includes(repo.did)).length === 4, {
    what: 'all four',
  })
  const found = (await index.records()).filter(
    (one) => one.includes(`${repo.did}/`) && one.includes(' refused '),
  )
  expect(found.map((one) => one.slice(one.lastIndexOf('/') + 1))).toEqual([
    'another-type refused invalid-lexicon',
    'untitled refused invalid-lexicon',
    'no-tid refused invalid-record-key',
  ])
})

test('a host that hangs, floods or lies in getRepo is tried again later, delaying no other', async () => {
  const repo = await hostedRepo()
  host.behave('com.atproto.sync.getRepo', { kind: 'flood', sizeBytes: 10_000_000 }, 1)
  const frame = await repo.create(ours, 'second', dataset('second'))
  host.emit(forge.withBody(frame, { prevData: null }))
  const other = await hostedRepo()
  expect(await recordsOf(other)).toEqual(['first'])
  host.behave('com.atproto.sync.getRepo', { kind: 'cut', body: await repo.car(), claimedBytes: 1_000_000 }, 1)
  await waitFor(async () => (await recordsOf(repo)).length === 2, { what: 'the retry', timeoutMs: 30_000 })
})

test('a PDS is believed only about its own accounts', async () => {
  await using stranger = await startHostilePds()
  stranger.behave('com.atproto.server.describeServer', {
    kind: 'serve',
    contentType: 'application/json',
    body: JSON.stringify({ did: 'did:web:stranger.example' }),
  })
  await using second = await startFollowing({ plcUrl: plc.url }, { sources: [stranger.url], backfill: [] })
  const theirs = await SignedRepo.create({ plc, pdsUrl: host.url })
  stranger.emit(await theirs.create(ours, 'first', dataset('first')))
  const own = await stranger.newRepo(plc)
  stranger.emit(await own.create(ours, 'first', dataset('first')))
  await waitFor(async () => (await second.records()).length === 1, { what: 'the own account' })
  expect(second.ingest.metrics.rejects.get('host-mismatch')?.count).toBe(1)
  expect((await second.records())[0]).toContain(own.did)
})

test('an account whose DID document points at a private address is not indexed', async () => {
  const config = { sources: [host.url], backfill: [], allowPrivateHosts: false }
  await using careful = await startFollowing({ plcUrl: plc.url }, config)
  for (const pdsUrl of [
    'https://127.0.0.1',
    'https://10.1.2.3',
    'https://localhost',
    'http://pds.example.com',
  ]) {
    const repo = await SignedRepo.create({ plc, pdsUrl })
    host.emit(await repo.create(ours, 'first', dataset('first')))
  }
  await waitFor(() => (careful.ingest.metrics.rejects.get('did-unresolvable')?.count ?? 0) >= 4, {
    what: 'the refusals',
  })
  expect(await careful.records()).toEqual([])
})

/** Makes an account at the hostile host, with one record that has been indexed. */
async function hostedRepo(): Promise<SignedRepo> {
  const repo = await host.newRepo(plc)
  host.emit(await repo.create(ours, 'first', dataset('first')))
  await waitFor(async () => (await recordsOf(repo)).length === 1, { what: 'the first record' })
  return repo
}

async function recordsOf({ did }: SignedRepo): Promise<string[]> {
  const records = (await index.records()).filter(
    (one) => one.startsWith(`at://${did}/${ours}/`) && !one.includes(' refused '),
  )
  return records.map((one) => one.split(' ')[0]!.split('/').at(-1)!)
}

function firstCid(frame: Frame) {
  return (frame.body.ops as { cid: never }[]).find(({ cid }) => cid)!.cid
}
