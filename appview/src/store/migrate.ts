import { setTimeout as wait } from 'node:timers/promises'
import { counted } from '@holdfast/runtime/counted'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import type { PgDialect, PgSession } from 'drizzle-orm/pg-core'
import { beforeSchema, besideSchema, makeStreamsBeside, openBeside, putInPlace } from './beside.ts'
import { channels } from './channels.ts'
import { errorCode } from './error-code.ts'
import { stampIndexVersion } from './index-version.ts'
import { tryToLead } from './leader.ts'
import {
  checkRequired,
  configOf,
  journalSchema,
  type MigrationSet,
  readJournal,
  readStanding,
  writeRequired,
} from './migration-journal.ts'
import { type Db, rows } from './sql.ts'
import { startNewEpochs } from './stream-epochs.ts'
import { noteDecisionsSince } from './sweep-notes.ts'
import { takeTurn } from './write-turns.ts'

/** The name of the journal of migrations of a second catalog. */
const besideJournal = besideSchema

/** Any fixed number: processes that start together migrate one after the other. */
const migrationLock = 4_653_001

/** How long a migration waits for a lock: whoever reads the table meanwhile waits behind it. */
const lockTimeoutMs = 1_000
const mostTries = 60
const lockNotAvailable = '55P03'

/** How many migrations were made. */
export type Migrated = Readonly<Record<MigrationSet, number>>

/**
 * Migrates `local` and `catalog` in one transaction, so that a process that dies meanwhile changes nothing. The two have
 * separate journals so that `catalog` can be dropped alone. If a table is in use for long, as by a long read, the transaction
 * is undone and tried again, so that others do not wait for it. A database of a newer version is left as it is.
 *
 * @throws OperatorError when this version cannot use the database, or when no lock was to be had in a minute
 */
export async function migrateAll(db: Db): Promise<Migrated> {
  for (let tries = 1; ; tries++) {
    try {
      return await db.transaction((tx) => migrateBoth(tx as Db))
    } catch (error) {
      if (errorCode(error) !== lockNotAvailable) throw error
      if (tries === mostTries)
        throw new OperatorError(
          'The tables to be migrated were in use all the time. Nothing was changed. Try again when less is going on.',
          { cause: error },
        )
      await wait(lockTimeoutMs)
    }
  }
}

/**
 * Checks that the database has what this version needs, and changes nothing.
 *
 * @throws OperatorError that says which command to run
 */
export async function requireMigrated(db: Db): Promise<void> {
  const missing = await countMissing(db)
  if (missing > 0)
    throw new OperatorError(
      `The database lacks ${counted(missing, 'migration')} of this version. Run holdfast-appview migrate with the same HOLDFAST_DATABASE_URL, then start this again. A process that has only some of the roles does not migrate.`,
    )
  for (const set of sets) await checkRequired(db, set)
}

const sets = ['local', 'catalog'] as const

async function countMissing(db: Db): Promise<number> {
  let missing = 0
  for (const set of sets) {
    const standing = await readStanding(db, set)
    if (standing.kind === 'behind') missing += standing.missing
    if (standing.kind === 'foreign') missing++
  }
  return missing
}

/** Drops everything that came from the network and creates an empty catalog, in one transaction; `local` is untouched. */
export async function resetCatalog(db: Db, alongside?: (tx: Db) => Promise<void>): Promise<void> {
  await db.transaction(async (tx) => {
    await lock(tx as Db)
    await dropCatalog(tx as Db)
    await migrateBoth(tx as Db)
    await alongside?.(tx as Db)
  })
}

/**
 * Creates an empty catalog beside the served one, or migrates the one that a stopped rebuild left. Resolves with a
 * database whose statements use that catalog.
 *
 * @throws OperatorError when a newer version made the served catalog
 */
export async function prepareBeside(db: Db, { isNew }: { isNew: boolean }): Promise<Db> {
  if ((await readStanding(db, 'catalog')).kind === 'ahead')
    throw new OperatorError(
      'A newer version of Holdfast made this index. Rebuild it with that version. Nothing was changed.',
    )
  const beside = openBeside(db)
  await beside.transaction(async (within) => {
    const tx = within as Db
    await lock(tx)
    const { kind } = await readStanding(tx, 'catalog', besideJournal)
    if (isNew || kind === 'foreign' || kind === 'ahead') await dropBeside(tx)
    await migrateOne(tx, 'catalog', besideJournal)
    await stampIfEmpty(tx)
  })
  await db.transaction((tx) => makeStreamsBeside(tx as Db))
  return beside
}

async function dropBeside(tx: Db): Promise<void> {
  await tx.execute(sql.raw(`DROP SCHEMA IF EXISTS ${besideSchema} CASCADE`))
  await tx.execute(sql.raw(`DROP TABLE IF EXISTS ${journalSchema}.${besideJournal}`))
}

/**
 * Replaces the served catalog with the second one, in one transaction. Readers of the streams see a new epoch. Decisions
 * made after `since` apply to the new catalog at once.
 */
export async function swapCatalogs(db: Db, since: Date): Promise<void> {
  await db.transaction(async (within) => {
    const tx = within as Db
    await takeTurn(tx)
    await lock(tx)
    await putInPlace(tx)
    await tx.execute(sql.raw(`DROP TABLE ${journalSchema}.catalog`))
    await tx.execute(sql.raw(`ALTER TABLE ${journalSchema}.${besideJournal} RENAME TO catalog`))
    await noteDecisionsSince(tx, since)
    await tx.execute(sql`SELECT pg_notify(${channels.infoHashes}, ''), pg_notify(${channels.records}, '')`)
  })
  await db.transaction(async (tx) => {
    await lock(tx as Db)
    await dropBefore(tx as Db, since)
  })
}

/** Drops the catalog that was served before a swap. Transactions that still used it have ended by then; their decisions are noted again. */
async function dropBefore(tx: Db, since: Date): Promise<void> {
  await tx.execute(sql.raw(`DROP SCHEMA IF EXISTS ${beforeSchema} CASCADE`))
  await noteDecisionsSince(tx, since)
}

async function stampIfEmpty(tx: Db): Promise<void> {
  const records = await rows(tx, sql`SELECT id FROM catalog.record LIMIT 1`)
  if (records.length === 0) await stampIndexVersion(tx)
}

async function hasBefore(tx: Db): Promise<boolean> {
  const found = await rows(tx, sql`SELECT oid FROM pg_namespace WHERE nspname = ${beforeSchema}`)
  return found.length > 0
}

async function migrateBoth(tx: Db): Promise<Migrated> {
  await lock(tx)
  await tx.execute(sql`SELECT set_config('lock_timeout', ${`${lockTimeoutMs}ms`}, true)`)
  if ((await readStanding(tx, 'local')).kind === 'foreign') await adoptLocal(tx)
  const local = await migrateOne(tx, 'local')
  // What it held is a cache, and is gathered again.
  if (await isIncomplete(tx)) await dropCatalog(tx)
  else if ((await readStanding(tx, 'catalog')).kind === 'foreign') await dropUnknown(tx)
  const catalog = await migrateOne(tx, 'catalog')
  await stampIfEmpty(tx)
  // An earlier swap was interrupted between its two steps.
  if (await hasBefore(tx)) await dropBefore(tx, new Date(0))
  return { catalog, local }
}

async function lock(tx: Db): Promise<void> {
  await tx.execute(sql`SELECT pg_advisory_xact_lock(${migrationLock})`)
}

/** Readers of the streams are told, for an emptied catalog announces no removal of what it contained. */
async function dropCatalog(tx: Db): Promise<void> {
  await tx.execute(sql`DROP SCHEMA IF EXISTS catalog CASCADE`)
  await tx.execute(sql.raw(`DROP TABLE IF EXISTS ${journalSchema}.catalog`))
  await startNewEpochs(tx)
}

/**
 * Drops a catalog of another version. A process that still follows the network would write its next events into the empty
 * one, as if all earlier records of their accounts were in it.
 *
 * @throws OperatorError when there is such a process
 */
async function dropUnknown(tx: Db): Promise<void> {
  if (!(await tryToLead('ingest', tx)))
    throw new OperatorError(
      'Another version of Holdfast made this index and still follows the network. Stop all its processes, then start this one: it empties the index and gathers it again. Nothing was changed.',
    )
  await dropCatalog(tx)
}

/**
 * Whether only one of the journal and the schema of the catalog exists, as when the schema was dropped by hand. The
 * catalog is a cache, so it is then gathered again.
 */
async function isIncomplete(tx: Db): Promise<boolean> {
  const [found] = await rows<{ isGone: boolean; isNew: boolean }>(
    tx,
    sql`
    SELECT to_regclass('catalog.record') IS NULL AS "isGone",
      to_regclass('${sql.raw(journalSchema)}.catalog') IS NULL AS "isNew"`,
  )
  return found !== undefined && found.isGone !== found.isNew
}

/** The last of the seven migrations of `local` that became one; they made the same tables. */
const lastBeforeBaseline = 'b42ce5ad3f60d93d41e73684862bf592dfe5a8eaee1fa775462c444e3588a3ab'

/** Notes that `local`, which holds what the operator decided, is as the first migration makes it. */
async function adoptLocal(tx: Db): Promise<void> {
  const journal = `${journalSchema}.local`
  if ((await readJournal(tx, 'local')).at(-1) !== lastBeforeBaseline)
    throw new OperatorError(
      'Another version of Holdfast made this database, and this one cannot read its decisions. Run the version that made it, or one from November 2026 first.',
    )
  const [baseline] = readMigrationFiles(configOf('local'))
  await tx.execute(sql.raw(`DELETE FROM ${journal}`))
  await tx.execute(
    sql`INSERT INTO ${sql.raw(journal)} (hash, created_at) VALUES (${baseline!.hash}, ${baseline!.folderMillis})`,
  )
}

/**
 * Makes the migrations that are missing; resolves with how many.
 *
 * @throws OperatorError when a newer version made more, and this version cannot do with those
 */
async function migrateOne(tx: Db, set: MigrationSet, journal: string = set): Promise<number> {
  const standing = await readStanding(tx, set, journal)
  if (standing.kind === 'ahead') await checkRequired(tx, set)
  if (standing.kind !== 'behind') return 0
  await makeMigrations(tx, set, journal)
  if (journal === set) await writeRequired(tx, set)
  return standing.missing
}

/** Does what Drizzle's migrators do, which would open a transaction of their own. */
async function makeMigrations(tx: Db, set: MigrationSet, journal: string): Promise<void> {
  const config = configOf(set, journal)
  const { dialect, session } = tx as unknown as { dialect: PgDialect; session: PgSession }
  const within = {
    execute: session.execute.bind(session),
    all: session.all.bind(session),
    transaction: (work: (tx: Db) => Promise<unknown>) => work(tx),
  }
  await dialect.migrate(readMigrationFiles(config), within as unknown as PgSession, config)
}
