import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { startHostilePds } from '../network/hostile-pds.ts'
import { SignedRepo } from '../network/signed-repo.ts'
import { waitFor } from '../network/wait-for.ts'
import { publishTorrent, putRecord } from '../system/publish.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { type System, startSystem } from '../system/system.ts'
import { query } from '../system/xrpc.ts'

interface Status {
  status: string
  reason?: string
  message?: string
  warnings: { code?: string }[]
}

describe('bad input is refused with a reason and harms nothing else', () => {
  let directory: Awaited<ReturnType<typeof scratchDirectory>>
  let system: System
  beforeAll(async () => {
    directory = await scratchDirectory()
    system = await startSystem({ directory: directory.path, env: { HOLDFAST_MAX_METAINFO_SIZE: '20kB' } })
  })
  afterAll(async () => {
    await system[Symbol.asyncDispose]()
    await directory[Symbol.asyncDispose]()
  })

  const statusOf = (uri: string) => query<Status>(system.appView.url, 'getRecordStatus', { uri })
  const becomes = (uri: string, status: string, reason?: string) =>
    waitFor(
      async () => {
        const found = await statusOf(uri)
        return found.status === status && (reason === undefined || found.reason === reason) ? found : false
      },
      { what: `${uri} to be ${status} ${reason ?? ''}` },
    )

  test('a record that breaks its lexicon', async () => {
    const account = system.network.accounts[0]!
    const uri = await putRecord(account, { collection: 'dataset', rkey: 'untitled', record: { title: 7 } })
    const found = await becomes(uri, 'rejected', 'invalid-lexicon')
    expect(found.message).toMatch(/title/)
    await putRecord(account, { collection: 'dataset', rkey: 'untitled', record: { title: 'Seven' } })
    await becomes(uri, 'indexed')
  })

  test('a metainfo with a wrong hash', async () => {
    const account = system.network.accounts[0]!
    const { uri } = await publishTorrent(account, {
      directory: directory.path,
      claims: { infoHashV1: 'a'.repeat(40) },
    })
    expect((await becomes(uri, 'rejected', 'infohash-mismatch')).message).toContain('a'.repeat(40))
  })

  test('a blob larger than allowed', async () => {
    const account = system.network.accounts[1]!
    const encoding = 'application/x-bittorrent'
    const { data } = await account.agent.com.atproto.repo.uploadBlob(new Uint8Array(30_000), { encoding })
    const record = { name: 'large', infoHashV1: 'b'.repeat(40), metainfo: data.blob }
    const uri = await putRecord(account, { collection: 'torrent', rkey: 'large', record })
    await becomes(uri, 'rejected', 'metainfo-too-large')
  })

  test('a PDS that hangs', async () => {
    await using pds = await startHostilePds()
    const repo = await SignedRepo.create({ plc: system.network.plc, pdsUrl: pds.url })
    pds.host(repo)
    const metainfo = await repo.addBlob(new Uint8Array(100), 'application/x-bittorrent')
    pds.behave('com.atproto.sync.getBlob', { kind: 'hang' })
    const record = {
      $type: collections.torrent,
      createdAt: new Date().toISOString(),
      name: 'never',
      infoHashV1: 'c'.repeat(40),
      metainfo,
    }
    system.network.relay.publish(await repo.create(collections.torrent, 'never', record), pds.url)
    const uri = `at://${repo.did}/${collections.torrent}/never`
    await becomes(uri, 'pending')
    const good = await publishTorrent(system.network.accounts[0]!, { directory: directory.path })
    await becomes(good.uri, 'indexed')
    expect((await statusOf(uri)).status).toBe('pending')
  })

  test('an AT-URI that nobody wrote', async () => {
    const { did } = system.network.accounts[0]!
    expect((await statusOf(`at://${did}/${collections.dataset}/nothing`)).status).toBe('unknown')
  })
})
