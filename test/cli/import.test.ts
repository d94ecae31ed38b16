import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AtpAgent } from '@atproto/api'
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createAccount } from '../network/accounts.ts'
import { type Network, startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { startLimitedPds } from './limited-pds.ts'
import { type Json, startPerson } from './run-holdfast.ts'

/** Entries like those of the AWS Open Data Registry; every thirtieth has a longer description than a record can contain. */
const entries = Array.from({ length: 240 }, (_, i) => ({
  slug: `series-${i}`,
  Name: `Series ${i} of water levels`,
  Description: `Daily means of gauge ${i}.\n\n`.repeat(i % 30 === 0 ? 2_000 : 1),
  ManagedBy: '[Tide Office](https://example.org/)',
  License: 'CC0-1.0',
  Resources: [{ Type: 'S3 Bucket', ARN: `arn:aws:s3:::tides/series-${i}/`, Region: 'us-east-1' }],
}))

const dataJson = {
  conformsTo: 'https://project-open-data.cio.gov/v1.1/schema',
  dataset: ['H4PZ56R2', 'H49P2ZKM', 'H4K64G12'].map((suffix, i) => ({
    '@type': 'dcat:Dataset',
    identifier: `http://dx.doi.org/10.7927/${suffix}`,
    title: `Statistics of widgets ${i}`,
    description: 'National statistics on the production of widgets.',
    bureauCode: ['018:10'],
    publisher: { name: 'Widget Services' },
    keyword: ['widget', 'manufacturing'],
    distribution: [{ downloadURL: `https://data.example.gov/widgets-${i}.csv`, mediaType: 'text/csv' }],
  })),
}

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

test('an import that is interrupted twice writes every entry exactly once', async () => {
  await using pds = await startLimitedPds(network.plcUrl, { points: 120, windowMs: 1_000 })
  const account = await createAccount(pds as never, 'rescuer')
  await using person = await startPerson(network, { account })
  const input = join(person.home, 'registry.jsonl')
  await writeFile(input, entries.map((entry) => JSON.stringify(entry)).join('\n'))
  const agent = new AtpAgent({ service: pds.url })

  for (const stopAfter of [40, 140]) {
    const { child, ended } = person.start('import', input)
    // Another program of the same account writes as well, so the budget is smaller than the import expects.
    await waitFor(() => pds.puts > stopAfter / 2, {
      what: 'the import to be under way',
      timeoutMs: 30_000,
    })
    pds.spend(120)
    await waitFor(() => pds.puts >= stopAfter, { what: `${stopAfter} puts`, timeoutMs: 30_000 })
    child.kill('SIGINT')
    expect(await ended).toMatchObject({
      code: 130,
      stderr: expect.stringContaining('run the same command again to resume'),
    })
  }
  const last = await person.run('import', input)
  expect(last).toMatchObject({ code: 0, stdout: expect.stringMatching(/^240 datasets: .* 0 failed/) })
  expect(pds.refused).toBeGreaterThan(0)

  const records = await listDatasets(agent, account.did)
  expect(new Set(records.map(({ uri }) => uri.split('/').at(-1)))).toEqual(
    new Set(entries.map(({ slug }) => slug)),
  )
  expect(records).toHaveLength(entries.length)
  // Every entry was put once: those written before an interruption are not written again.
  expect(pds.puts).toBe(entries.length)

  const long = records.filter(({ value }) => value.descriptionBlob)
  expect(long.length).toBeGreaterThan(0)
  for (const { uri, value } of long) {
    const entry = entries.find(({ slug }) => uri.endsWith(`/${slug}`))
    const { data } = await agent.com.atproto.sync.getBlob({
      did: account.did,
      cid: value.descriptionBlob.ref.toString(),
    })
    expect(Buffer.from(data).toString()).toContain(entry!.Description.trim())
  }

  const again = await person.run('import', input)
  expect(again.stdout).toBe('240 datasets: 0 created, 0 updated, 240 unchanged, 0 failed\n')
  expect(pds.puts).toBe(entries.length)
})

test('a dry run of an import shows what does not fit, and the import then writes the rest', async () => {
  const account = network.accounts[0]!
  await using person = await startPerson(network, { account })
  const input = join(person.home, 'data.json')
  await writeFile(input, JSON.stringify(dataJson))
  const dry = await person.run('import', input, '--dry-run')
  expect(dry).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('# not taken over: bureauCode: ["018:10"]'),
  })
  expect(await listDatasets(account.agent, account.did)).toHaveLength(0)

  expect(await person.run('import', input)).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('3 created'),
  })
  const rkeys = (await listDatasets(account.agent, account.did)).map(({ uri }) => uri.split('/').at(-1))
  expect(rkeys.toSorted()).toEqual(['10.7927-h49p2zkm', '10.7927-h4k64g12', '10.7927-h4pz56r2'])

  // Fields that people add and the catalog does not have are kept when the catalog is imported again.
  const uri = `at://${account.did}/${collections.dataset}/10.7927-h4k64g12`
  await person.json('edit', uri, '--set', 'risk.level=endangered')
  expect((await person.run('import', input)).stdout).toContain('3 unchanged')
})
