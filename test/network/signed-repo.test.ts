import { P256Keypair } from '@atproto/crypto'
import type { Cid, LexMap } from '@atproto/lex-data'
import { MemoryBlockstore, type MST, Repo, readCarWithRoot, verifyProofs, verifyRepoCar } from '@atproto/repo'
import { expect, test } from 'vitest'
import * as forge from './forge.ts'
import { startNetwork } from './network.ts'
import { startPlc } from './plc.ts'
import type { Frame } from './relay/frames.ts'
import { SignedRepo } from './signed-repo.ts'
import { subscribe } from './subscriber.ts'

const collection = 'com.example.note'
const pdsUrl = 'https://pds.invalid'
const note = (text: string) => ({ $type: collection, text })

test.each(['secp256k1', 'p256'] as const)(
  'a repository signed with %s verifies against its PLC document',
  async (keyType) => {
    await using plc = await startPlc()
    const repo = await SignedRepo.create({ plc, pdsUrl, handle: 'mallory.test', keyType })
    const frame = await repo.create(collection, 'one', note('one'))
    const { verificationMethods, services, alsoKnownAs } = await plc.client.getDocumentData(repo.did)
    expect(services.atproto_pds?.endpoint).toBe(pdsUrl)
    expect(alsoKnownAs).toEqual(['at://mallory.test'])
    const { creates } = await verifyRepoCar(await repo.car(), repo.did, verificationMethods.atproto!)
    expect(creates.map(({ rkey }) => rkey)).toEqual(['one'])
    expect(await verifies(frame, repo.did, verificationMethods.atproto!)).toBe(true)
  },
)

test('frames have the fields of a real PDS and prove the step from prevData', async () => {
  await using network = await startNetwork({ pdsCount: 1 })
  const alice = network.accounts[0]!
  for (const text of ['old', 'new']) {
    const write = { repo: alice.did, collection, rkey: 'one', record: note(text) }
    await alice.agent.com.atproto.repo.putRecord(write)
  }
  await using stream = await subscribe(network.pdsUrls[0]!, 0)
  await stream.received(6)
  const [real] = stream.frames.filter(({ t, body }) => t === '#commit' && hasOp(body, 'update'))

  const repo = await SignedRepo.create({ plc: network.plc, pdsUrl })
  await repo.write(
    Array.from({ length: 200 }, (_, i) => ({
      action: 'create',
      collection,
      rkey: `r${i}`,
      record: note('same'),
    })),
  )
  const frames = [
    await repo.create(collection, 'one', note('old')),
    await repo.update(collection, 'one', note('new')),
    await repo.delete(collection, 'r7'),
    await repo.create(collection, 'again', note('same')),
  ]
  expect(Object.keys({ ...frames[1]!.body, seq: 0 }).sort()).toEqual(Object.keys(real!.body).sort())
  for (const frame of [real!, ...frames]) expect(await stepsFromPrevData(frame)).toBe(true)
  expect(await stepsFromPrevData(forge.withoutOp(frames[0]!))).toBe(false)
  for (const frame of frames) expect(await verifies(frame, repo.did, repo.key.did())).toBe(true)
  const { creates } = await verifyRepoCar(await repo.car(), repo.did, repo.key.did())
  expect(creates).toHaveLength(201)
})

test('each forgery fails verification', async () => {
  await using plc = await startPlc()
  const repo = await SignedRepo.create({ plc, pdsUrl })
  const frame = await repo.create(collection, 'one', note('one'))
  const key = repo.key.did()
  const stranger = await P256Keypair.create()
  const forgeries = {
    'forged signature': await forge.resign(frame, stranger),
    'wrong CID': await forge.withWrongCid(frame),
    'an op that was not made': forge.withOp(frame, {
      action: 'create',
      path: `${collection}/x`,
      cid: repo.head,
    }),
    'tampered record': await forge.withTamperedBlock(frame, new TextEncoder().encode('not it')),
    'missing record': await forge.withoutBlock(frame),
  }
  for (const [what, forged] of Object.entries(forgeries)) {
    expect.soft(await verifies(forged, repo.did, key), what).toBe(false)
  }
  const rev = forge.revAt(Date.now() + 3_600_000)
  const future = await forge.resign(frame, repo.key, { rev })
  expect(future.body.rev).toBe(rev)
  expect(rev > repo.rev).toBe(true)
  expect(await verifies(future, repo.did, key)).toBe(true)
})

test('rotates keys, moves DIDs and ends them', async () => {
  await using plc = await startPlc()
  const repo = await SignedRepo.create({ plc, pdsUrl })
  const before = await repo.create(collection, 'one', note('one'))
  await repo.rotateKey('p256')
  await repo.moveTo('https://elsewhere.invalid')
  const after = await repo.create(collection, 'two', note('two'))
  const { verificationMethods, services } = await plc.client.getDocumentData(repo.did)
  expect(services.atproto_pds?.endpoint).toBe('https://elsewhere.invalid')
  expect(await verifies(before, repo.did, verificationMethods.atproto!)).toBe(false)
  expect(await verifies(after, repo.did, verificationMethods.atproto!)).toBe(true)
  await repo.tombstone()
  await expect(plc.client.getDocument(repo.did)).rejects.toThrow()
})

async function verifies({ body }: Frame, did: string, key: string): Promise<boolean> {
  const claims = opsOf(body).map(({ path, cid }) => {
    const [name, rkey] = path.split('/') as [string, string]
    return { collection: name, rkey, cid }
  })
  try {
    const { verified, unverified } = await verifyProofs(body.blocks as Uint8Array, claims, did, key)
    const { blocks } = await readCarWithRoot(body.blocks as Uint8Array)
    return unverified.length === 0 && verified.every(({ cid }) => !cid || blocks.has(cid))
  } catch {
    return false
  }
}

/** Undoes the operations on the tree in the frame and compares the root (atproto sync spec, inductive proof). */
async function stepsFromPrevData({ body }: Frame): Promise<boolean> {
  const { root, blocks } = await readCarWithRoot(body.blocks as Uint8Array)
  const repo = await Repo.load(new MemoryBlockstore(blocks), root)
  let tree: MST = repo.data
  for (const { action, path, prev } of opsOf(body)) {
    if (action === 'create') tree = await tree.delete(path)
    if (action === 'update') tree = await tree.update(path, prev!)
    if (action === 'delete') tree = await tree.add(path, prev!)
  }
  return (await tree.getPointer()).equals(body.prevData as Cid)
}

interface Op {
  action: string
  path: string
  cid: Cid | null
  prev?: Cid
}
const opsOf = (body: LexMap) => body.ops as unknown as Op[]
const hasOp = (body: LexMap, action: string) => opsOf(body).some((op) => op.action === action)
