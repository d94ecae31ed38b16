import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { decideAdmission } from '@holdfast/appview/catalog/admissions'
import { tablesOf } from '@holdfast/appview/store/copy-rows'
import { moveToPostgres } from '@holdfast/appview/store/move'
import { openCatalog } from '@holdfast/appview/store/open'
import { type Db, rows } from '@holdfast/appview/store/sql'
import { createScratchDatabase, layEmbedded } from '@holdfast/appview/testing/backends'
import { putRecord, putTorrent } from '@holdfast/appview/testing/publishing'
import { sql } from 'drizzle-orm'
import { expect, test } from 'vitest'
import { databaseUrl, needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const isHere = needs('moving from the embedded database to PostgreSQL', 'PostgreSQL')
const everything = async (db: Db) => {
  const found: Record<string, unknown> = {}
  for (const schema of ['local', 'catalog'] as const)
    for (const table of await tablesOf(db, schema))
      found[table] = (await rows<{ row: string }>(db, sql.raw(`SELECT t::text AS row FROM ${table} t`)))
        .map(({ row }) => row)
        .sort()
  return found
}

test.skipIf(!isHere)(
  'everything in the embedded database is in PostgreSQL afterwards, and goes on there',
  async () => {
    await using folder = await scratchDirectory()
    const dataDir = join(folder.path, 'data')
    await mkdir(dataDir)
    await layEmbedded(dataDir)
    await using target = await createScratchDatabase(databaseUrl())
    let before: unknown
    {
      await using source = await openCatalog({ dataDir })
      await applyAdmissionPolicy(source.db, 'open')
      await putRecord(source, 'dataset', 'ice', { title: 'Sea ice “1979–2026”', keywords: ['ice', 'Arctic'] })
      await putTorrent(source, 'ice', { infoHashV1: 'a'.repeat(40) })
      await decideAdmission(source.db, { kind: 'did', value: 'did:plc:denied' }, { action: 'deny' })
      before = await everything(source.db)
    }
    const moved = await moveToPostgres({ dataDir }, { databaseUrl: target.url }, () => {})
    expect(moved.get('catalog.record')).toBeGreaterThan(1)
    await using catalog = await openCatalog({ databaseUrl: target.url })
    expect(await everything(catalog.db)).toEqual(before)
    await putRecord(catalog, 'dataset', 'snow', { title: 'Snow' })
    expect(await rows(catalog.db, sql`SELECT title FROM catalog.dataset ORDER BY title`)).toHaveLength(2)
    await expect(moveToPostgres({ dataDir }, { databaseUrl: target.url }, () => {})).rejects.toThrow(
      'already has rows',
    )
  },
)
