import { writeFile } from 'node:fs/promises'
import { AtpAgent } from '@atproto/api'
import { Secp256k1Keypair } from '@atproto/crypto'
import type { TestPds } from './pds.ts'
import type { TestPlc } from './plc.ts'

export interface TestAccount {
  readonly did: string
  handle: string
  readonly password: string
  pdsUrl: string
  /** A client that is logged in at the account's PDS. */
  agent: AtpAgent
}

/** Signs an account up at a PDS; its handle is `NAME.test` (a label of 3 to 18 characters). */
export async function createAccount(pds: TestPds, name: string): Promise<TestAccount> {
  const handle = `${name}.test`
  const password = `${name}-password`
  const agent = new AtpAgent({ service: pds.url })
  const { data } = await agent.createAccount({ handle, password, email: emailOf(name) })
  return { did: data.did, handle: data.handle, password, pdsUrl: pds.url, agent }
}

export interface Move {
  from: TestPds
  to: TestPds
}

/** Moves an account as a person does (atproto account migration): new account, repo, blobs, PLC operation, switch-over. */
export async function moveAccount(account: TestAccount, { from, to }: Move): Promise<void> {
  const old = account.agent
  const fresh = await signUpWithDid(account, to)
  const { data: repo } = await old.com.atproto.sync.getRepo({ did: account.did })
  await fresh.com.atproto.repo.importRepo(repo, { encoding: 'application/vnd.ipld.car' })
  await copyBlobs(account.did, old, fresh)
  await pointDidAt(account.did, { from, old, fresh })
  await fresh.com.atproto.server.activateAccount()
  await old.com.atproto.server.deactivateAccount({})
  account.agent = fresh
  account.pdsUrl = to.url
}

async function signUpWithDid(account: TestAccount, to: TestPds): Promise<AtpAgent> {
  const { did, handle, password } = account
  const { data } = await account.agent.com.atproto.server.getServiceAuth({
    aud: to.did,
    lxm: 'com.atproto.server.createAccount',
  })
  const agent = new AtpAgent({ service: to.url })
  const name = handle.split('.')[0]!
  await agent.com.atproto.server.createAccount(
    { did, handle, password, email: emailOf(name) },
    { headers: { authorization: `Bearer ${data.token}` }, encoding: 'application/json' },
  )
  await agent.login({ identifier: handle, password })
  return agent
}

async function copyBlobs(did: string, old: AtpAgent, fresh: AtpAgent) {
  for (let cursor: string | undefined; ; ) {
    const { data: page } = await fresh.com.atproto.repo.listMissingBlobs({ cursor })
    for (const { cid } of page.blobs) {
      const { data, headers } = await old.com.atproto.sync.getBlob({ did, cid })
      await fresh.com.atproto.repo.uploadBlob(data, { encoding: headers['content-type'] })
    }
    cursor = page.cursor
    if (!cursor || page.blobs.length === 0) return
  }
}

async function pointDidAt(
  did: string,
  { from, old, fresh }: { from: TestPds; old: AtpAgent; fresh: AtpAgent },
) {
  const { data: wanted } = await fresh.com.atproto.identity.getRecommendedDidCredentials()
  // The old PDS would send this token by mail; here it has no mail server.
  const token = await from.ctx.accountManager.createEmailToken(
    did as `did:${string}:${string}`,
    'plc_operation',
  )
  const { data: signed } = await old.com.atproto.identity.signPlcOperation({ token, ...wanted })
  await fresh.com.atproto.identity.submitPlcOperation({ operation: signed.operation })
}

/** Changes the handle to `NAME.test`; the PDS writes the PLC operation and emits `#identity`. */
export async function updateHandle(account: TestAccount, name: string): Promise<void> {
  const handle = `${name}.test`
  await account.agent.com.atproto.identity.updateHandle({ handle })
  account.handle = handle
}

/**
 * Gives the account a new signing key as the PDS's own `rotate-keys` does: key file, PLC operation, an empty commit
 * under the new key, `#identity`, `#sync`. Without `resign` only the first two and `#identity`: the newest commit then
 * does not verify until the account writes again.
 */
export async function rotateSigningKey(account: TestAccount, pds: TestPds, resign = true): Promise<void> {
  const { actorStore, plcClient, plcRotationKey, sequencer } = pds.ctx
  const did = account.did as `did:${string}:${string}`
  const key = await Secp256k1Keypair.create({ exportable: true })
  const { keyLocation } = await actorStore.getLocation(did)
  await writeFile(keyLocation, await key.export())
  await plcClient.updateAtprotoKey(did, plcRotationKey, key.did())
  if (!resign) return sequencer.sequenceIdentity(did)
  const sync = await actorStore.transact(did, async ({ repo }) => {
    await repo.processWrites([])
    return repo.getSyncEventData()
  })
  await sequencer.sequenceIdentity(did)
  await sequencer.sequenceSync(did, sync)
}

/** Tombstones the DID in the PLC directory; the PDS is not told. */
export async function tombstone(
  account: TestAccount,
  { plc, pds }: { plc: TestPlc; pds: TestPds },
): Promise<void> {
  await plc.client.tombstone(account.did, pds.ctx.plcRotationKey)
}

/** Deletes the account as the PDS's operator; emits `#account` with status `deleted`. */
export async function deleteAccount(account: TestAccount, pds: TestPds): Promise<void> {
  const operator = new AtpAgent({ service: pds.url })
  await operator.com.atproto.admin.deleteAccount({ did: account.did }, { headers: pds.adminHeaders })
}

/** Takes the account down as the PDS's operator, or restores it. */
export async function takeDown(account: TestAccount, pds: TestPds, applied = true): Promise<void> {
  const operator = new AtpAgent({ service: pds.url })
  await operator.com.atproto.admin.updateSubjectStatus(
    {
      subject: { $type: 'com.atproto.admin.defs#repoRef', did: account.did },
      takedown: { applied, ref: 'test' },
    },
    { headers: pds.adminHeaders },
  )
}

/**
 * Uses up write points of the account at a PDS with `rateLimitsEnabled` (5,000 an hour; a create costs 3, a put 2, a
 * delete 1) without writing anything, because the PDS charges before it rejects a request.
 */
export async function spendWritePoints({ agent, did }: TestAccount, points: number): Promise<void> {
  const collection = 'com.example.missing'
  const writes = Array.from({ length: points }, () => {
    return { $type: 'com.atproto.repo.applyWrites#delete' as const, collection, rkey: 'x' }
  })
  const outcome = await agent.com.atproto.repo.applyWrites({ repo: did, writes }).catch((error) => error)
  if (!(outcome instanceof Error)) throw new Error('the PDS deleted records that do not exist')
}

const emailOf = (name: string) => `${name}@mail.test`
