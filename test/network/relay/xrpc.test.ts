import { readCarWithRoot, verifyRepoCar } from '@atproto/repo'
import { expect, test } from 'vitest'
import { startHostilePds } from '../hostile-pds.ts'
import { startNetwork } from '../network.ts'
import { startPlc } from '../plc.ts'
import { SignedRepo } from '../signed-repo.ts'
import { waitFor } from '../wait-for.ts'
import { startRelay } from './relay.ts'

const collection = 'com.example.note'

test('lists repositories in pages and redirects getRepo to their host', async () => {
  await using network = await startNetwork({ accounts: 3 })
  const [alice, bobby, carol] = network.accounts.map(({ did }) => did) as [string, string, string]
  const { agent } = network.accounts[1]!
  await agent.com.atproto.repo.createRecord({ repo: bobby, collection, record: { $type: collection } })
  await network.takeDown(network.accounts[2]!)
  await network.caughtUp()

  const listed: Listed[] = []
  for (let cursor: string | undefined = '0'; cursor; ) {
    const page = (await query('listRepos', { limit: '2', cursor })) as { repos: Listed[]; cursor?: string }
    listed.push(...page.repos)
    cursor = page.cursor
  }
  expect(listed.map(({ did }) => did).sort()).toEqual([alice, bobby, carol].sort())
  expect(listed.find(({ did }) => did === carol)).toMatchObject({ active: false, status: 'takendown' })
  const { data: latest } = await agent.com.atproto.sync.getLatestCommit({ did: bobby })
  expect(listed.find(({ did }) => did === bobby)).toMatchObject({
    active: true,
    head: latest.cid,
    rev: latest.rev,
  })
  expect(await query('listReposByCollection', { collection })).toEqual({ repos: [{ did: bobby }] })
  expect(await query('getLatestCommit', { did: bobby })).toEqual({ cid: latest.cid, rev: latest.rev })
  expect(await query('getRepoStatus', { did: carol })).toMatchObject({ active: false, status: 'takendown' })
  expect(await query('getRepo', { did: 'did:plc:nobody' })).toMatchObject({ error: 'RepoNotFound' })

  const direct = await fetch(address('getRepo', { did: bobby }), { redirect: 'manual' })
  expect(direct.headers.get('location')).toContain(network.pdsUrls[1]!)
  network.relay.getRepo = 'proxy'
  const proxied = await fetch(address('getRepo', { did: bobby }), { redirect: 'error' })
  const { root } = await readCarWithRoot(new Uint8Array(await proxied.arrayBuffer()))
  expect(root.toString()).toBe(latest.cid)

  function address(method: string, params: Record<string, string>) {
    return `${network.relayUrl}/xrpc/com.atproto.sync.${method}?${new URLSearchParams(params)}`
  }
  async function query(method: string, params: Record<string, string>) {
    return (await fetch(address(method, params))).json()
  }
})

test('does not believe a host about another host’s account', async () => {
  await using plc = await startPlc()
  await using home = await startHostilePds()
  await using impostor = await startHostilePds()
  await using relay = await startRelay({ plcUrl: plc.url })
  const repo = await SignedRepo.create({ plc, pdsUrl: home.url })
  home.host(repo)
  for (const { url } of [home, impostor]) {
    const body = JSON.stringify({ hostname: new URL(url).host })
    await fetch(`${relay.url}/xrpc/com.atproto.sync.requestCrawl`, { method: 'POST', body })
  }
  await waitFor(() => home.stream.subscriberCount + impostor.stream.subscriberCount === 2, {
    what: 'the relay',
  })

  home.stream.sendRaw(Uint8Array.of(0xff))
  home.emit(await repo.create(collection, 'one', { $type: collection }))
  await waitFor(() => relay.stream.log.length === 1, { what: 'the commit' })
  impostor.emit(repo.accountFrame('deleted'))
  impostor.emit((await SignedRepo.create({ plc, pdsUrl: impostor.url })).accountFrame())
  await waitFor(() => relay.stream.log.length === 2, { what: 'the impostor’s own account' })
  expect(relay.directory.repos.get(repo.did)).toMatchObject({ host: home.url, active: true })

  const car = await fetch(`${relay.url}/xrpc/com.atproto.sync.getRepo?did=${repo.did}`)
  const { creates } = await verifyRepoCar(new Uint8Array(await car.arrayBuffer()), repo.did, repo.key.did())
  expect(creates).toHaveLength(1)
})

interface Listed {
  did: string
  head: string
  rev: string
  active: boolean
  status?: string
}
