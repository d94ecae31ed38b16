import { sql } from 'drizzle-orm'
import { type Db, rows } from './sql.ts'

/**
 * The version of the rules by which rows of the catalog are made: the codes by which records are found, the keys that join
 * records into cards. Raise it when indexing a record again gives other rows than before. An index made by an older version
 * still works, but finds old records by the old rules until it is rebuilt; its operator is told so.
 */
export const indexVersion = 1

/** Marks an empty catalog as made by this version. */
export async function stampIndexVersion(tx: Db): Promise<void> {
  await tx.execute(sql.raw(`COMMENT ON SCHEMA catalog IS 'Holdfast index ${indexVersion}'`))
}

/** Whether an older version made what the catalog contains. */
export async function isOutdated(db: Db): Promise<boolean> {
  const [found] = await rows<{ stamp: string | null }>(
    db,
    sql`SELECT obj_description(oid, 'pg_namespace') AS stamp FROM pg_namespace WHERE nspname = 'catalog'`,
  )
  const made = /^Holdfast index (\d+)$/.exec(found?.stamp ?? '')?.[1] ?? 0
  return Number(made) < indexVersion
}

/** What the operator is told about an outdated index, in one line. */
export const outdatedAdvice =
  'an older version made this index, so searches still follow the rules of that version: run holdfast-appview rebuild'
