import { readFileSync } from 'node:fs'
import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { putRecord, putTorrent } from '../../testing/publishing.ts'
import { becomeLeader } from '../store/leader.ts'
import { migrateAll, prepareBeside, requireMigrated, resetCatalog } from '../store/migrate.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { applyAdmissionPolicy } from './admission-policy.ts'
import { decideAdmission } from './admissions.ts'
import { metainfoSliceBytes } from './metainfo-slices.ts'
import { readMetainfoBytes } from './read/metainfo.ts'

describe.each(testBackends())('the schemas, on $name', ({ name, open }) => {
  let catalog: Catalog
  beforeAll(async () => {
    catalog = await open()
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  const addAccount = (did: string) =>
    catalog.db.execute(sql`INSERT INTO catalog.account (did) VALUES (${did})`)
  const accounts = async () =>
    (await rows<{ did: string }>(catalog.db, sql`SELECT did FROM catalog.account`)).map(({ did }) => did)

  test('a reset that fails changes nothing', async () => {
    await addAccount('did:plc:old')
    const brokenOff = resetCatalog(catalog.db, () => Promise.reject(new Error('broken off')))
    await expect(brokenOff).rejects.toThrow('broken off')
    expect(await accounts()).toEqual(['did:plc:old'])
  })

  test('a reset empties the catalog', async () => {
    await resetCatalog(catalog.db)
    expect(await accounts()).toEqual([])
  })

  test('creates the schema again when it or its journal is missing', async () => {
    await addAccount('did:plc:old')
    await catalog.db.execute(sql`DROP TABLE holdfast_migrations.catalog`)
    await migrateAll(catalog.db)
    expect(await accounts()).toEqual([])
    await catalog.db.execute(sql`DROP SCHEMA catalog CASCADE`)
    await migrateAll(catalog.db)
    expect(await accounts()).toEqual([])
  })

  test('keeps the .torrent files of an index that had each in one value', async () => {
    await using catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    const bytes = Buffer.alloc(2.5 * metainfoSliceBytes, 'abcdefg')
    await putTorrent(catalog, 'ice', { infoHashV1: 'a'.repeat(40), bytes })
    for (const step of [
      sql`ALTER TABLE catalog.metainfo ADD COLUMN bytes bytea`,
      sql`UPDATE catalog.metainfo m SET bytes = (
            SELECT string_agg(s.bytes, '' ORDER BY position) FROM catalog.metainfo_slice s WHERE s.cid = m.cid)`,
      sql`ALTER TABLE catalog.metainfo DROP COLUMN size_bytes`,
      sql`DROP TABLE catalog.metainfo_slice`,
    ])
      await catalog.db.execute(step)
    const migration = new URL('../store/migrations/catalog/0002_metainfo_slices.sql', import.meta.url)
    for (const step of readFileSync(migration, 'utf8').split('--> statement-breakpoint'))
      await catalog.db.execute(sql.raw(step))
    const kept = await readMetainfoBytes(catalog.db, 'blob-ice')
    expect(kept && Buffer.compare(kept, bytes)).toBe(0)
  })

  test('emptying an index gives its streams new epochs', async () => {
    await using catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    await putTorrent(catalog, 'ice', { infoHashV1: 'a'.repeat(40) })
    const epochs = () =>
      rows<{ epoch: string }>(catalog.db, sql`SELECT epoch FROM local.stream ORDER BY name`)
    const [infoHashes, records] = await epochs()
    await catalog.db.execute(sql`UPDATE holdfast_migrations.catalog SET hash = 'of another version'`)
    await migrateAll(catalog.db)
    const emptied = await epochs()
    expect(emptied[0]).not.toEqual(infoHashes)
    expect(emptied[1]).not.toEqual(records)
    const replayed = sql`SELECT seq FROM local.record_change UNION ALL SELECT seq FROM local.info_hash_change`
    expect(await rows(catalog.db, replayed)).toEqual([])
    await migrateAll(catalog.db)
    expect(await epochs()).toEqual(emptied)
  })

  test('empties an index of an older version but keeps the operator’s decisions', async () => {
    await using catalog = await open()
    await decideAdmission(catalog.db, { kind: 'did', value: 'did:plc:denied' }, { action: 'deny' })
    await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    const old = 'b42ce5ad3f60d93d41e73684862bf592dfe5a8eaee1fa775462c444e3588a3ab'
    await catalog.db.execute(sql`DROP TABLE local.decision, local.lease`)
    await catalog.db.execute(
      sql`ALTER TABLE local.first_seen DROP COLUMN named, DROP COLUMN named_at, DROP COLUMN live_at`,
    )
    await catalog.db.execute(sql`DELETE FROM holdfast_migrations.local`)
    await catalog.db.execute(sql`INSERT INTO holdfast_migrations.local (hash, created_at) VALUES (${old}, 1)`)
    await catalog.db.execute(sql`UPDATE holdfast_migrations.catalog SET hash = 'of another version'`)
    await migrateAll(catalog.db)
    expect(await rows(catalog.db, sql`SELECT uri FROM catalog.record`)).toEqual([])
    expect(await rows(catalog.db, sql`SELECT subject FROM local.admission`)).toEqual([
      { subject: 'did:plc:denied' },
    ])
    expect(await rows(catalog.db, sql`SELECT subject, action FROM local.decision`)).toEqual([
      { subject: 'did:plc:denied', action: 'deny' },
    ])
  })

  test.skipIf(name === 'PGlite')(
    'does not empty an index of an older version while a process writes to it',
    async () => {
      await using catalog = await open()
      await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
      await catalog.db.execute(sql`UPDATE holdfast_migrations.catalog SET hash = 'of another version'`)
      const records = () => rows(catalog.db, sql`SELECT uri FROM catalog.record`)
      {
        await using _ = await becomeLeader('ingest', catalog.databaseUrl, {
          signal: AbortSignal.timeout(5_000),
        })
        await expect(migrateAll(catalog.db)).rejects.toThrow(/Stop all its processes/)
        expect(await records()).toHaveLength(1)
      }
      await migrateAll(catalog.db)
      expect(await records()).toEqual([])
    },
  )

  test('leaves an index that a newer version has extended as it is', async () => {
    await using catalog = await open()
    await putRecord(catalog, 'dataset', 'ice', { title: 'Sea ice' })
    await extendAsNewerVersion(catalog)
    await requireMigrated(catalog.db)
    expect(await migrateAll(catalog.db)).toEqual({ catalog: 0, local: 0 })
    await putRecord(catalog, 'dataset', 'snow', { title: 'Snow' })
    expect(await rows(catalog.db, sql`SELECT uri FROM catalog.record`)).toHaveLength(2)
    await expect(prepareBeside(catalog.db, { isNew: true })).rejects.toThrow('Rebuild it with that version')
  })

  test('refuses an index from which a newer version took what this one uses', async () => {
    await using catalog = await open()
    await extendAsNewerVersion(catalog)
    await catalog.db.execute(
      sql`INSERT INTO local.setting (name, value) VALUES ('requiredMigration.catalog', '"of a newer version"')`,
    )
    await expect(requireMigrated(catalog.db)).rejects.toThrow('Install the newer version')
    await expect(migrateAll(catalog.db)).rejects.toThrow('Install the newer version')
  })

  test('says that an index lacks migrations', async () => {
    await using catalog = await open()
    await requireMigrated(catalog.db)
    await catalog.db.execute(
      sql`DELETE FROM holdfast_migrations.catalog WHERE id = (SELECT max(id) FROM holdfast_migrations.catalog)`,
    )
    await expect(requireMigrated(catalog.db)).rejects.toThrow('lacks 1 migration of')
  })

  test('refuses decisions of an unknown version and changes nothing', async () => {
    await using catalog = await open()
    await catalog.db.execute(
      sql`UPDATE holdfast_migrations.local SET hash = 'of another version' WHERE id = (SELECT max(id) FROM holdfast_migrations.local)`,
    )
    const before = await rows(catalog.db, sql`SELECT hash FROM holdfast_migrations.local ORDER BY id`)
    await expect(migrateAll(catalog.db)).rejects.toThrow(/Another version of Holdfast made this database/)
    expect(await rows(catalog.db, sql`SELECT hash FROM holdfast_migrations.local ORDER BY id`)).toEqual(
      before,
    )
  })
})

/** Does what a migration of a version that is not written yet might do. */
async function extendAsNewerVersion({ db }: Catalog): Promise<void> {
  await db.execute(sql`ALTER TABLE catalog.dataset ADD COLUMN of_tomorrow text`)
  await db.execute(sql`
    INSERT INTO holdfast_migrations.catalog (hash, created_at)
    SELECT 'of a newer version', max(created_at) + 1 FROM holdfast_migrations.catalog`)
}
