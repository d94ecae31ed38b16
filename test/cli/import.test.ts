import { existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { AtpAgent } from '@atproto/api'
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { createAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { startLimitedPds } from './limited-pds.ts'
import { type Json, startPerson } from './run-holdfast.ts'

// Each step is a process of its own, and the machine may be busy.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 })

const catalogs = fileURLToPath(new URL('../../../shared/data/catalogs/', import.meta.url))
const hasCatalogs = existsSync(catalogs)
if (!hasCatalogs)
  console.info('left out: imports of real catalogues, for ../shared/data/catalogs is not here')

let network: Network
beforeAll(async () => {
  network = await startNetwork({ pdsCount: 1, accounts: 1, relay: false })
})
afterAll(() => network?.[Symbol.asyncDispose]())

async function listDatasets(agent: AtpAgent, repo: string) {
  const found: { uri: string; value: Json }[] = []
  for (let cursor: string | undefined; ; ) {
    const { data } = await agent.com.atproto.repo.listRecords({
      repo,
      collection: collections.dataset,
      limit: 100,
      ...(cursor && { cursor }),
    })
    found.push(...data.records)
    cursor = data.cursor
    if (!cursor) return found
  }
}

test.runIf(hasCatalogs)(
  'all 1,190 entries of the AWS registry go into a PDS that limits writes, interrupted twice, each exactly once',
  { timeout: 480_000 },
  async () => {
    const input = `${catalogs}aws-open-data-registry.jsonl`
    const entries = (await readFile(input, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    await using pds = await startLimitedPds(network.plcUrl, { points: 600, windowMs: 2_000 })
    const account = await createAccount(pds as never, 'rescuer')
    await using person = await startPerson(network, { account })
    const agent = new AtpAgent({ service: pds.url })

    for (const stopAfter of [200, 700]) {
      const { child, ended } = person.start('import', input)
      // Another program of the same account writes too, so that the budget the import knows of is not there.
      await waitFor(() => pds.puts > stopAfter / 2, {
        what: 'the import to be under way',
        timeoutMs: 240_000,
      })
      pds.spend(600)
      await waitFor(() => pds.puts >= stopAfter, { what: `${stopAfter} puts`, timeoutMs: 240_000 })
      child.kill('SIGINT')
      expect(await ended).toMatchObject({
        code: 130,
        stderr: expect.stringContaining('run the same command to go on'),
      })
    }
    const last = await person.run('import', input)
    expect(last).toMatchObject({ code: 0, stdout: expect.stringMatching(/^1190 datasets: .* 0 failed/) })
    expect(pds.refused).toBeGreaterThan(0)

    const records = await listDatasets(agent, account.did)
    expect(new Set(records.map(({ uri }) => uri.split('/').at(-1)))).toEqual(
      new Set(entries.map(({ slug }) => slug)),
    )
    expect(records).toHaveLength(1190)
    // Every entry was put once: those before an interruption are not written again.
    expect(pds.puts).toBe(1190)

    const long = records.filter(({ value }) => value.descriptionBlob)
    expect(long.length).toBeGreaterThan(0)
    for (const { uri, value } of long) {
      const entry = entries.find(({ slug }) => uri.endsWith(`/${slug}`))
      const { data } = await agent.com.atproto.sync.getBlob({
        did: account.did,
        cid: value.descriptionBlob.ref.toString(),
      })
      expect(Buffer.from(data).toString()).toContain(entry.Description.trim())
    }

    const again = await person.run('import', input)
    expect(again.stdout).toBe('1190 datasets: 0 created, 0 updated, 1190 unchanged, 0 failed\n')
    expect(pds.puts).toBe(1190)
  },
)

test.runIf(hasCatalogs)(
  'a data.json of DCAT-US: a dry run shows every field that does not fit, an import writes',
  async () => {
    const account = network.accounts[0]!
    await using person = await startPerson(network, { account })
    const input = `${catalogs}dcat-us-1.1-extended.json`
    const dry = await person.run('import', input, '--dry-run')
    expect(dry).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('# did not fit: bureauCode: ["018:10"]'),
    })
    expect(await listDatasets(account.agent, account.did)).toHaveLength(0)

    expect(await person.run('import', input)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('3 created'),
    })
    const rkeys = (await listDatasets(account.agent, account.did)).map(({ uri }) => uri.split('/').at(-1))
    expect(rkeys.toSorted()).toEqual(['10.7927-h49p2zkm', '10.7927-h4k64g12', '10.7927-h4pz56r2'])

    // What people add where the catalogue is silent stays when the catalogue is imported anew.
    const uri = `at://${account.did}/${collections.dataset}/10.7927-h4k64g12`
    await person.json('edit', uri, '--set', 'risk.level=endangered')
    expect((await person.run('import', input)).stdout).toContain('3 unchanged')
  },
)
