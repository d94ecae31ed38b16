/** Which migrations a database has, and whether this version can use it. */
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { sql } from 'drizzle-orm'
import { readMigrationFiles } from 'drizzle-orm/migrator'
import { type Db, rows } from './sql.ts'

export type MigrationSet = 'catalog' | 'local'

export const journalSchema = 'holdfast_migrations'

/**
 * How the migrations of a database relate to those of this version: the same, fewer (`behind`), more, as made by a newer
 * version (`ahead`), or others (`foreign`).
 */
export type JournalStanding =
  | { readonly kind: 'current' | 'ahead' | 'foreign' }
  | { readonly kind: 'behind'; readonly missing: number }

export function configOf(set: MigrationSet, journal: string = set) {
  return {
    migrationsFolder: fileURLToPath(new URL(`./migrations/${set}`, import.meta.url)),
    migrationsSchema: journalSchema,
    migrationsTable: journal,
  }
}

export async function readStanding(
  tx: Db,
  set: MigrationSet,
  journal: string = set,
): Promise<JournalStanding> {
  const known = knownHashes(set)
  const made = await readJournal(tx, journal)
  if (made.some((hash, at) => at < known.length && hash !== known[at])) return { kind: 'foreign' }
  if (made.length === known.length) return { kind: 'current' }
  return made.length > known.length
    ? { kind: 'ahead' }
    : { kind: 'behind', missing: known.length - made.length }
}

/** The hashes of the migrations that were made, the first first. */
export async function readJournal(tx: Db, journal: string): Promise<string[]> {
  const table = `${journalSchema}.${journal}`
  const [found] = await rows<{ is: boolean }>(tx, sql`SELECT to_regclass(${table}) IS NOT NULL AS is`)
  if (!found?.is) return []
  const made = await rows<{ hash: string }>(tx, sql.raw(`SELECT hash FROM ${table} ORDER BY id`))
  return made.map(({ hash }) => hash)
}

/**
 * Writes down which migrations a version must know to use this database. A migration that takes away what an earlier version
 * uses names, in a line `-- requires: TAG`, the migration since which nothing uses it any more.
 */
export async function writeRequired(tx: Db, set: MigrationSet): Promise<void> {
  const required = requiredHash(set)
  if (required === undefined) return
  await tx.execute(sql`
    INSERT INTO local.setting (name, value) VALUES (${settingOf(set)}, to_jsonb(${required}::text))
    ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
}

/** @throws OperatorError when a newer version has taken away what this version uses */
export async function checkRequired(tx: Db, set: MigrationSet): Promise<void> {
  const [found] = await rows<{ hash: string }>(
    tx,
    sql`SELECT value #>> '{}' AS hash FROM local.setting WHERE name = ${settingOf(set)}`,
  )
  if (found && !knownHashes(set).includes(found.hash))
    throw new OperatorError(
      'A newer version of Holdfast has changed this database so that this version cannot use it. Install the newer version. Nothing was changed.',
    )
}

const settingOf = (set: MigrationSet) => `requiredMigration.${set}`

function knownHashes(set: MigrationSet): string[] {
  return readMigrationFiles(configOf(set)).map(({ hash }) => hash)
}

/** The hash of the last migration that a migration of the set requires. */
function requiredHash(set: MigrationSet): string | undefined {
  const config = configOf(set)
  const { entries } = JSON.parse(readFileSync(`${config.migrationsFolder}/meta/_journal.json`, 'utf8')) as {
    entries: { tag: string }[]
  }
  const migrations = readMigrationFiles(config)
  const required = migrations.flatMap(({ sql: statements }) =>
    statements.flatMap((text) => /^-- requires: (\S+)$/m.exec(text)?.[1] ?? []),
  )
  const places = required.map((tag) => {
    const place = entries.findIndex((entry) => entry.tag === tag)
    if (place < 0) throw new Error(`a migration of ${set} requires ${tag}, which does not exist`)
    return place
  })
  return places.length === 0 ? undefined : migrations[Math.max(...places)]!.hash
}
