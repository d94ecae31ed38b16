import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../testing/backends.ts'
import { put } from '../testing/datasets.ts'
import { did } from '../testing/publishing.ts'
import { applyAdmissionPolicy } from './catalog/admission-policy.ts'
import { decideAdmission } from './catalog/admissions.ts'
import { applyBatch } from './catalog/apply-batch.ts'
import { countRecords } from './catalog/read/repo.ts'
import { sweep } from './catalog/sweeps.ts'
import { searchDatasets } from './search/datasets.ts'
import { beforeSchema, besideText } from './store/beside.ts'
import { isOutdated } from './store/index-version.ts'
import { migrateAll, prepareBeside, swapCatalogs } from './store/migrate.ts'
import type { Catalog } from './store/open.ts'
import { type Db, rows } from './store/sql.ts'
import { readSweeps } from './store/sweep-notes.ts'

test.each([
  ['SELECT FROM catalog.record r', 'SELECT FROM catalog_beside.record r'],
  [
    `to_regclass('catalog.search_change'), "catalog"."sweep"`,
    `to_regclass('catalog_beside.search_change'), catalog_beside."sweep"`,
  ],
  ['CREATE SCHEMA "catalog";', 'CREATE SCHEMA catalog_beside;'],
  ['DROP SCHEMA IF EXISTS catalog CASCADE', 'DROP SCHEMA IF EXISTS catalog_beside CASCADE'],
  ['INSERT INTO local.stream AS s', 'INSERT INTO catalog_beside.local_stream AS s'],
  ['FROM local.record_change, local.first_seen', 'FROM catalog_beside.local_record_change, local.first_seen'],
  ['"holdfast_migrations"."catalog"', '"holdfast_migrations"."catalog"'],
])('rewrites a statement for the catalog that is being built: %s', (text, expected) => {
  expect(besideText(text)).toBe(expected)
})

describe.each(testBackends())('a catalog that is built beside the old one, on $name', ({ open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await write(catalog.db, { old: 'Old ice', both: 'Ice of both' })
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  let revisions = 0
  const write = (db: Db, titles: Record<string, string>) =>
    applyBatch(db, {
      commits: [
        {
          did,
          rev: `3n${String(++revisions).padStart(11, '0')}`,
          dataCid: 'd',
          ops: Object.entries(titles).map(([rkey, title]) => put('dataset', did, rkey, { title })),
        },
      ],
    })
  const found = async () => (await searchDatasets(catalog.db, { q: 'ice' })).hits.map(({ uri }) => uri).sort()
  const streams = () => rows(catalog.db, sql`SELECT name, epoch, seq FROM local.stream ORDER BY name`)
  const uri = (rkey: string) => `at://${did}/dataset/${rkey}`

  test('changes nothing that is served before the swap', async () => {
    const before = await streams()
    const startedAt = new Date()
    const beside = await prepareBeside(catalog.db, { isNew: true })
    await write(beside, { both: 'Ice of both', fresh: 'Fresh ice' })
    expect(await countRecords(beside)).toBe(2)
    expect(await found()).toEqual([uri('both'), uri('old')])
    expect(await streams()).toEqual(before)
    await swapCatalogs(catalog.db, startedAt)
    expect(await found()).toEqual([uri('both'), uri('fresh')])
    expect(await streams()).not.toEqual(before)
    const told = await rows<{ uri: string }>(
      catalog.db,
      sql`SELECT uri FROM local.record_change ORDER BY uri`,
    )
    expect(told.map((change) => change.uri)).toEqual([uri('both'), uri('fresh')])
    // Triggers and functions are now those of the new catalog.
    await write(catalog.db, { later: 'Later ice' })
    expect(await found()).toHaveLength(3)
    await migrateAll(catalog.db)
    expect(await found()).toHaveLength(3)
  })

  test('continues from an interrupted rebuild', async () => {
    const first = await prepareBeside(catalog.db, { isNew: true })
    await write(first, { begun: 'Begun ice' })
    const again = await prepareBeside(catalog.db, { isNew: false })
    expect(await countRecords(again)).toBe(1)
    const anew = await prepareBeside(catalog.db, { isNew: true })
    expect(await countRecords(anew)).toBe(0)
  })

  test('applies decisions made during the rebuild to the new catalog', async () => {
    const startedAt = new Date()
    const beside = await prepareBeside(catalog.db, { isNew: true })
    await write(beside, { both: 'Ice of both', denied: 'Denied ice' })
    await decideAdmission(catalog.db, { kind: 'uri', value: uri('denied') }, { action: 'deny' })
    await decideAdmission(catalog.db, { kind: 'did', value: did }, { action: 'deny' })
    await swapCatalogs(catalog.db, startedAt)
    expect(await found()).toEqual([])
    await decideAdmission(catalog.db, { kind: 'did', value: did }, { action: 'restore' })
    for (const subject of await readSweeps(catalog.db)) await sweep(catalog.db, subject)
    expect(await found()).toEqual([uri('both')])
  })

  test('an index of an older version is reported until it is rebuilt', async () => {
    expect(await isOutdated(catalog.db)).toBe(false)
    await catalog.db.execute(sql`COMMENT ON SCHEMA catalog IS NULL`)
    expect(await isOutdated(catalog.db)).toBe(true)
    await migrateAll(catalog.db)
    expect(await isOutdated(catalog.db)).toBe(true)
    const startedAt = new Date()
    const beside = await prepareBeside(catalog.db, { isNew: true })
    await write(beside, { both: 'Ice of both' })
    await swapCatalogs(catalog.db, startedAt)
    await migrateAll(catalog.db)
    expect(await isOutdated(catalog.db)).toBe(false)
  })

  test('the next start removes what an interrupted swap left', async () => {
    await catalog.db.execute(sql.raw(`CREATE SCHEMA ${beforeSchema} CREATE TABLE record (id int)`))
    await migrateAll(catalog.db)
    const left = await rows(catalog.db, sql`SELECT oid FROM pg_namespace WHERE nspname = ${beforeSchema}`)
    expect(left).toEqual([])
    expect(await found()).toEqual([uri('both')])
  })
})
