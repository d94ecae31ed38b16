import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { carsInDirectory, carsOfDids, exportArchive } from '@holdfast/appview/ingest/archive/archive'
import { importRepos } from '@holdfast/appview/ingest/archive/import-repos'
import { createDidResolver } from '@holdfast/appview/ingest/identity/did-resolver'
import { createPdsClient } from '@holdfast/appview/ingest/state/pds-client'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { resetCatalog } from '@holdfast/appview/store/migrate'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { startNetwork } from '../network/network.ts'
import { putDataset, putOther, repoRecords, startFollowing, storedRecords } from './following.ts'

test('rebuilds the catalog from an archive or a list of accounts when every host is gone', async () => {
  await using network = await startNetwork({ pdsCount: 2, accounts: 4 })
  await using catalog = await openEmbedded()
  const directory = await mkdtemp(join(tmpdir(), 'holdfast-archive-'))
  await using _cleanUp = { [Symbol.asyncDispose]: () => rm(directory, { recursive: true }) }
  const signal = AbortSignal.timeout(170_000)
  const guardedFetch = createGuardedFetch({ allowPrivateHosts: true })
  const resolver = createDidResolver({ plcUrl: network.plcUrl, guardedFetch, allowPrivateHosts: true })
  const pds = createPdsClient(guardedFetch)
  {
    await using index = await startFollowing(network, { sources: network.pdsUrls, catalog })
    for (const account of network.accounts) {
      await putOther(account, 'note')
      for (let n = 0; n < 5; n++) await putDataset(account, `d${n}`)
    }
    await index.agrees(network.accounts)
  }
  const expected = await repoRecords(network.accounts)
  const seen = await firstSeen()
  const onFailed = (did: string, error: unknown) => expect.fail(`${did}: ${error}`)
  expect(await exportArchive(catalog.db, directory, { resolver, pds, signal, onFailed })).toEqual({
    repos: 4,
    failed: 0,
    blobs: 0,
  })
  expect((await readdir(directory)).filter((name) => name.endsWith('.car'))).toHaveLength(4)

  const parts = {
    db: catalog.db,
    config: { authorities: defaultAuthorities, allowPrivateHosts: true },
    resolver,
    guardedFetch,
    log: pino({ level: 'silent' }),
    signal,
  }
  await resetCatalog(catalog.db)
  const dids = network.accounts.map(({ did }) => did)
  expect(await importRepos(carsOfDids(dids, { resolver, pds, signal }), parts)).toMatchObject({
    repos: 4,
    failed: 0,
  })
  expect(await storedRecords(catalog)).toEqual(expected)

  await network.stopPds(0)
  await network.stopPds(1)
  await resetCatalog(catalog.db)
  expect(await storedRecords(catalog)).toEqual([])
  expect(await importRepos(carsInDirectory(directory), parts)).toEqual({
    repos: 4,
    failed: 0,
    records: 20,
    refused: 0,
  })
  expect(await storedRecords(catalog)).toEqual(expected)
  expect(await firstSeen()).toEqual(seen)

  async function firstSeen(): Promise<unknown> {
    const answer = await catalog.db.execute(sql`SELECT uri, at::text FROM local.first_seen ORDER BY uri`)
    return Array.isArray(answer) ? answer : (answer as unknown as { rows: unknown[] }).rows
  }
})
