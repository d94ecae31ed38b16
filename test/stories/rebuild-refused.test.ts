import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runCommand } from '@holdfast/appview/command-line'
import { hostsToList } from '@holdfast/appview/ingest/ingest-config'
import { createPdsClient } from '@holdfast/appview/ingest/state/pds-client'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { checkSources } from '@holdfast/appview/rebuild-sources'
import type { Catalog } from '@holdfast/appview/store/open'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { startIndex } from '../appview/index-under-test.ts'
import { scratchDirectory } from '../system/scratch.ts'

const pds = createPdsClient(createGuardedFetch({ allowPrivateHosts: true }))
let catalog: Catalog
beforeAll(async () => {
  catalog = await openEmbedded()
  await catalog.db.execute(sql`
    INSERT INTO catalog.repo (did, state) SELECT 'did:plc:' || n, 'synchronized' FROM generate_series(1, 30) n`)
})
afterAll(() => catalog[Symbol.asyncDispose]())

const check = (from: Parameters<typeof checkSources>[0], url = 'http://127.0.0.1:9') =>
  checkSources(from, { db: catalog.db, lists: hostsToList({ sources: [], backfill: [url] }), pds })

test('a rebuild that cannot be confirmed is refused with exit code 2', async () => {
  expect(await runCommand(['rebuild'], {})).toBe(2)
})

test('a source that does not answer stops a rebuild', async () => {
  await expect(check(undefined)).rejects.toThrow(/127\.0\.0\.1:9 does not answer.*Nothing was changed/)
})

test('a list or an archive with less than a tenth of the accounts stops a rebuild', async () => {
  await using directory = await scratchDirectory()
  const archive = join(directory.path, 'archive')
  await expect(check({ archive })).rejects.toThrow('Cannot read the archive')
  await mkdir(archive)
  await expect(check({ archive })).rejects.toThrow('no account at all')
  for (const name of ['a', 'b']) await writeFile(join(archive, `did_plc_${name}.car`), '')
  await expect(check({ archive })).rejects.toThrow('2 accounts, and the index has 30')
  await writeFile(join(archive, 'did_plc_c.car'), '')
  await check({ archive })
  await expect(check({ dids: ['did:plc:1', 'did:plc:1'] })).rejects.toThrow('has 1 account,')
  await check({ dids: ['did:plc:1', 'did:plc:2', 'did:plc:3'] })
})

test('a server whose catalog is gone says so', async () => {
  await using index = await startIndex({ open: openEmbedded })
  await index.catalog.db.execute(sql`DROP SCHEMA catalog CASCADE`)
  const response = await fetch(`${index.url}/health`)
  expect(response.status).toBe(503)
  expect(await response.text()).toContain('lacks its tables')
})
