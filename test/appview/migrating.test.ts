import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { migrate, openCatalog } from '@holdfast/appview/store/open'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { slowness } from '../system/slowness.ts'

const able = needs('migrations beside other processes', 'PostgreSQL')
const folderOf = (set: string) =>
  fileURLToPath(new URL(`../../appview/src/store/migrations/${set}`, import.meta.url))

/** Migrations that were made before there was a first version, whose processes nothing has to run beside. */
const lastBefore = { catalog: 5, local: 3 }

/** How many rows each table has. `HOLDFAST_TEST_MIGRATED=1000000` measures larger ones. */
const filled = Number(process.env.HOLDFAST_TEST_MIGRATED ?? 5_000)

/** What takes away from the processes of an earlier version: what they read, or rows that they may write. */
const takesAway =
  /\b(?:DROP (?:TABLE|COLUMN|SCHEMA|TYPE|FUNCTION|DEFAULT)|RENAME|SET NOT NULL|SET DATA TYPE|ALTER COLUMN \S+ TYPE|ADD CONSTRAINT|CREATE UNIQUE INDEX)\b/i

test.each(['catalog', 'local'] as const)(
  'each migration of %s that takes something away says which version can do without it',
  (set) => {
    const files = readdirSync(folderOf(set)).filter((name) => name.endsWith('.sql'))
    const since = files.filter((name) => Number(name.slice(0, 4)) > lastBefore[set])
    const astray = since.filter((name) => {
      const text = readFileSync(`${folderOf(set)}/${name}`, 'utf8')
      const newTables = [...text.matchAll(/CREATE TABLE (\S+)/g)].map(([, table]) => table!)
      // What is said of a table that the same migration makes takes nothing from anybody.
      const statements = text
        .split('--> statement-breakpoint')
        .filter((statement) => !newTables.some((table) => statement.includes(` ${table} `)))
      return statements.some((statement) => takesAway.test(statement)) && !/^-- requires: /m.test(text)
    })
    expect(astray).toEqual([])
  },
)

test.skipIf(!able)('migrates a filled database while it is read, and the locks are short', async () => {
  await using database = await createScratchDatabase(databaseUrl())
  const sql = postgres(database.url, { max: 4, onnotice: () => {} })
  await layFirstMigrations(sql)
  await fill(sql, filled)
  const stop = new AbortController()
  const waits = watchReads(sql, stop.signal)
  const made = await migrate({ databaseUrl: database.url })
  stop.abort()
  const longestMs = Math.max(...(await waits))
  await sql.end()
  console.info(`migrated in ${made.tookMs} ms; the longest read took ${Math.round(longestMs)} ms`)
  expect(made.catalog).toBeGreaterThan(4)
  expect(longestMs).toBeLessThan(filled * slowness())
  await using catalog = await openCatalog({ databaseUrl: database.url, migrates: false })
  expect(catalog.kind).toBe('postgres')
  expect(await migrate({ databaseUrl: database.url })).toMatchObject({ catalog: 0, local: 0 })
})

test.skipIf(!able)('readers do not wait for a migration that itself waits for a long read', async () => {
  await using database = await createScratchDatabase(databaseUrl())
  const sql = postgres(database.url, { max: 4, onnotice: () => {} })
  await layFirstMigrations(sql)
  await fill(sql, 100)
  const reading = await sql.reserve()
  await reading`BEGIN`
  await reading`SELECT count(*) FROM catalog.torrent`
  const migrating = migrate({ databaseUrl: database.url })
  const stop = new AbortController()
  const waits = watchReads(sql, stop.signal)
  const isWaiting = async () => {
    const found = await sql`
      SELECT FROM pg_locks WHERE NOT granted AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
        AND mode = 'AccessExclusiveLock'`
    return found.length > 0
  }
  await waitFor(isWaiting, { what: 'the migration to wait for the long read' })
  await waitFor(async () => !(await isWaiting()), { what: 'the migration to let others pass' })
  await reading`COMMIT`
  reading.release()
  await migrating
  stop.abort()
  const longestMs = Math.max(...(await waits))
  await sql.end()
  expect(longestMs).toBeLessThan(3_000)
})

/** Reads again and again; resolves, after the signal, with how many milliseconds each read took. */
async function watchReads(sql: postgres.Sql, signal: AbortSignal): Promise<number[]> {
  const waits: number[] = []
  while (!signal.aborted) {
    const startedAt = performance.now()
    await sql`
      SELECT (SELECT max(id) FROM catalog.torrent), (SELECT max(id) FROM catalog.webseed),
        (SELECT count(*) FROM (SELECT FROM catalog.repo LIMIT 10) AS few)`
    waits.push(performance.now() - startedAt)
    await setTimeout(5)
  }
  return waits
}

/** Makes the schemas as the first migration of each made them. */
async function layFirstMigrations(sql: postgres.Sql): Promise<void> {
  await sql.unsafe('CREATE SCHEMA holdfast_migrations')
  for (const set of ['local', 'catalog']) {
    const [first] = readMigrationFiles({ migrationsFolder: folderOf(set) })
    await sql.unsafe(
      `CREATE TABLE holdfast_migrations.${set} (id serial PRIMARY KEY, hash text NOT NULL, created_at bigint)`,
    )
    for (const statement of first!.sql) await sql.unsafe(statement)
    await sql`INSERT INTO ${sql(`holdfast_migrations.${set}`)} ${sql({ hash: first!.hash, created_at: first!.folderMillis })}`
  }
}

/** Fills the tables that later migrations change. */
async function fill(sql: postgres.Sql, count: number): Promise<void> {
  await sql`INSERT INTO catalog.repo (did, state) SELECT 'did:plc:' || n, 'synchronized' FROM generate_series(1, ${count}::int) n`
  await sql`
    INSERT INTO catalog.record (uri, did, kind, cid, rev, created_at, indexed_at)
    SELECT 'at://did:plc:' || n || '/a.collection/' || n, 'did:plc:' || n, 'torrent', 'c' || n, 'r', now(), now()
    FROM generate_series(1, ${count}::int) n`
  await sql`
    INSERT INTO catalog.torrent (id, uri, did, info_hash_v1, name, metainfo_status, visible, created_at, indexed_at, formats, names_web_seeds, codes)
    SELECT id, uri, did, md5(id::text) || '00000000', 'Torrent ' || id, 'verified', true, now(), now(), '{}', false, '{}' FROM catalog.record`
  await sql`
    INSERT INTO catalog.webseed (id, did, info_hash_v1, url, kind, visible, created_at)
    SELECT id, did, md5(id::text) || '00000000', 'https://example.org/' || id, 'url', true, now() FROM catalog.record`
  await sql`
    INSERT INTO catalog.content (info_hash_v1, name, size_bytes, piece_length_bytes, file_count, files_indexed, private)
    SELECT info_hash_v1, name, 1, 16384, 1, 1, false FROM catalog.torrent`
  await sql`
    INSERT INTO catalog.metainfo (cid, content_id, bytes)
    SELECT 'cid' || id, id, decode(repeat(md5(id::text), 200), 'hex') FROM catalog.content`
}
