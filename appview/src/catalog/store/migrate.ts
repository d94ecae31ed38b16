import { fileURLToPath } from 'node:url'
import { sql } from 'drizzle-orm'
import { migrate as migratePglite } from 'drizzle-orm/pglite/migrator'
import { migrate as migratePostgres } from 'drizzle-orm/postgres-js/migrator'
import type { Db } from '../sql.ts'

type Kind = 'pglite' | 'postgres'
type Set = 'catalog' | 'local'

const journalSchema = 'holdfast_migrations'
/** Any fixed number: processes that start together migrate one after the other. */
const migrationLock = 4_653_001

/** Brings `local` and `catalog` up to date. The two journals are apart so that `catalog` can be dropped alone. */
export async function migrateAll(db: Db, kind: Kind): Promise<void> {
  if (kind === 'pglite') return migrateBoth(db, kind)
  await db.transaction(async (holder) => {
    await holder.execute(sql`SELECT pg_advisory_xact_lock(${migrationLock})`)
    await migrateBoth(db, kind)
  })
}

/** Drops everything that came from the network and makes it empty again; `local` is untouched. */
export async function resetCatalog(db: Db, kind: Kind): Promise<void> {
  await db.execute(sql`DROP SCHEMA IF EXISTS catalog CASCADE`)
  await db.execute(sql.raw(`DROP TABLE IF EXISTS ${journalSchema}.catalog`))
  await migrateAll(db, kind)
}

async function migrateBoth(db: Db, kind: Kind): Promise<void> {
  await migrateOne(db, kind, 'local')
  await migrateOne(db, kind, 'catalog')
}

async function migrateOne(db: Db, kind: Kind, set: Set): Promise<void> {
  const config = {
    migrationsFolder: fileURLToPath(new URL(`../migrations/${set}`, import.meta.url)),
    migrationsSchema: journalSchema,
    migrationsTable: set,
  }
  // Each driver's migrator differs only in the database type it names.
  if (kind === 'pglite') await migratePglite(db as unknown as Parameters<typeof migratePglite>[0], config)
  else await migratePostgres(db as unknown as Parameters<typeof migratePostgres>[0], config)
}
