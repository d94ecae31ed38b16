import { encode } from '@atproto/lex-cbor'
import { verifyRepoCar } from '@atproto/repo'
import { expect, test } from 'vitest'
import type { TestAccount } from './accounts.ts'
import { startNetwork } from './network.ts'
import { decodeFrame, didOf, encodeFrame } from './relay/frames.ts'
import { subscribe } from './subscriber.ts'
import { waitFor } from './wait-for.ts'

const collection = 'com.example.note'

test('records of both PDSes arrive over the relay unchanged, in its own sequence', async () => {
  await using network = await startNetwork()
  const [alice, bobby] = network.accounts as [TestAccount, TestAccount]
  expect(alice.pdsUrl).not.toBe(bobby.pdsUrl)
  await note(alice, 'from-alice')
  await note(bobby, 'from-bobby')
  await network.caughtUp()

  await using relayed = await subscribe(network.relayUrl, 0)
  await relayed.received(network.relay.stream.log.length)
  expect(relayed.seqs()).toEqual(relayed.frames.map((_, i) => i + 1))
  expect(new Set(relayed.frames.map(didOf))).toEqual(new Set([alice.did, bobby.did]))

  for (const url of network.pdsUrls) {
    await using direct = await subscribe(url, 0)
    const account = url === alice.pdsUrl ? alice : bobby
    const expected = relayed.frames.filter((frame) => didOf(frame) === account.did)
    await direct.received(expected.length)
    for (const bytes of direct.raw) expect(encodeFrame(decodeFrame(bytes))).toEqual(Buffer.from(bytes))
    const withoutSeq = ({ t, body }: (typeof expected)[number]) => [
      t,
      Buffer.from(encode({ ...body, seq: 0 })),
    ]
    expect(direct.frames.map(withoutSeq)).toEqual(expected.map(withoutSeq))
  }
})

test('a stopped PDS restarts on its address with its data, and the relay resumes', async () => {
  await using network = await startNetwork({ pdsCount: 1 })
  const alice = network.accounts[0]!
  await note(alice, 'before')
  await network.caughtUp()
  const before = network.relay.stream.lastSeq
  await network.stopPds(0)
  await expect(note(alice, 'meanwhile')).rejects.toThrow()
  await network.restartPds(0)
  await note(alice, 'after')
  await network.caughtUp()
  expect(network.relay.stream.log.slice(before).map(({ frame }) => pathsOf(frame))).toEqual([
    [`${collection}/after`],
  ])
})

test('after an account moves, the relay believes only its new host', async () => {
  await using network = await startNetwork()
  const alice = network.accounts[0]!
  const bytes = new Uint8Array(5000).fill(7)
  const { data } = await alice.agent.com.atproto.repo.uploadBlob(bytes, {
    encoding: 'application/x-bittorrent',
  })
  await note(alice, 'packed', { file: data.blob })
  await network.moveAccount(alice, 1)
  await note(alice, 'unpacked')
  await network.caughtUp()

  expect(alice.pdsUrl).toBe(network.pdsUrls[1])
  const { data: doc } = await network.plc.client
    .getDocumentData(alice.did)
    .then(({ services }) => ({ data: services.atproto_pds?.endpoint }))
  expect(doc).toBe(alice.pdsUrl)
  const blob = await alice.agent.com.atproto.sync.getBlob({ did: alice.did, cid: data.blob.ref.toString() })
  expect(new Uint8Array(blob.data)).toEqual(bytes)
  const state = network.relay.directory.repos.get(alice.did)!
  expect({ host: state.host, active: state.active }).toEqual({ host: alice.pdsUrl, active: true })
})

test('changes of identity and account are announced', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: ['alice', 'bobby', 'carol', 'david'] })
  const [alice, bobby, carol, david] = network.accounts as [
    TestAccount,
    TestAccount,
    TestAccount,
    TestAccount,
  ]
  await network.caughtUp()
  await using relayed = await subscribe(network.relayUrl)
  await network.updateHandle(alice, 'alicia')
  await network.rotateSigningKey(alice)
  await bobby.agent.com.atproto.server.deactivateAccount({})
  await bobby.agent.com.atproto.server.activateAccount()
  await network.takeDown(carol)
  await network.deleteAccount(david)
  await waitFor(() => relayed.frames.some((frame) => frame.body.status === 'deleted'), {
    what: 'the deletion',
  })

  const seen = relayed.frames.filter(({ t }) => t === '#identity' || t === '#account')
  const of = ({ did }: TestAccount) =>
    seen
      .filter((frame) => didOf(frame) === did)
      .map(({ t, body }) => body.status ?? body.handle ?? body.active ?? t)
  expect(of(alice)).toEqual(['alicia.test', '#identity'])
  expect(of(bobby)).toEqual(['deactivated', true, 'bobby.test'])
  expect(of(carol)).toEqual(['takendown'])
  expect(of(david)).toEqual(['deleted'])

  const { verificationMethods } = await network.plc.client.getDocumentData(alice.did)
  const { data: car } = await alice.agent.com.atproto.sync.getRepo({ did: alice.did })
  await verifyRepoCar(car, alice.did, verificationMethods.atproto)
  await network.rotateSigningKey(alice, false)
  const { verificationMethods: rotated } = await network.plc.client.getDocumentData(alice.did)
  await expect(verifyRepoCar(car, alice.did, rotated.atproto)).rejects.toThrow()

  await network.tombstone(alice)
  await expect(network.plc.client.getDocument(alice.did)).rejects.toThrow()
})

test('options of the PDS set blob and rate limits', async () => {
  await using network = await startNetwork({
    pdsCount: 1,
    accounts: 0,
    pdsOptions: { blobUploadLimit: 1000, rateLimitsEnabled: true },
  })
  const erika = await network.createAccount('erika')
  const upload = erika.agent.com.atproto.repo.uploadBlob(new Uint8Array(1001), { encoding: 'text/plain' })
  await expect(upload).rejects.toThrow(/too large/i)
  await note(erika, 'paid')
  await network.spendWritePoints(erika, 4997)
  const refused = await note(erika, 'too-many').catch((error) => error)
  expect(refused).toMatchObject({ status: 429, error: 'RateLimitExceeded' })
  expect(Number(refused.headers['ratelimit-reset'])).toBeGreaterThan(Date.now() / 1000)
  expect(network.accounts).toEqual([erika])
})

test('two networks run side by side', async () => {
  await using one = await startNetwork({ pdsCount: 1 })
  await using other = await startNetwork({ pdsCount: 1 })
  await note(one.accounts[0]!, 'here')
  await Promise.all([one.caughtUp(), other.caughtUp()])
  expect([...other.relay.directory.repos.keys()]).toEqual([other.accounts[0]!.did])
  expect(one.accounts[0]!.did).not.toBe(other.accounts[0]!.did)
})

const note = ({ agent, did }: TestAccount, rkey: string, more: Record<string, unknown> = {}) =>
  agent.com.atproto.repo.putRecord({
    repo: did,
    collection,
    rkey,
    record: { $type: collection, text: rkey, ...more },
  })

const pathsOf = ({ body }: { body: Record<string, unknown> }) =>
  (body.ops as { path: string }[]).map(({ path }) => path)
