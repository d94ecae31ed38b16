/** Moves everything from the embedded database to PostgreSQL: the index, decisions, histories and the streams' numbers. */
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { sql } from 'drizzle-orm'
import { countRows, readTables, type TableName, tablesOf, writeRows } from './copy-rows.ts'
import { tryToLead } from './leader.ts'
import { openCatalog } from './open.ts'
import { type Db, rows } from './sql.ts'

export interface MoveProgress {
  readonly table: TableName
  readonly rows: number
  /** Rows that are written, and that there are, of all tables. */
  readonly done: number
  readonly total: number
}

/**
 * Copies the embedded database in `dataDir` into an empty PostgreSQL in one transaction; it stays as it is. Resolves with how
 * many rows each table has.
 *
 * @throws OperatorError when there is nothing to move, a server uses it, or the target has an index already
 */
export async function moveToPostgres(
  from: { dataDir: string },
  to: { databaseUrl: string },
  onProgress: (progress: MoveProgress) => void,
): Promise<ReadonlyMap<TableName, number>> {
  if (!existsSync(join(from.dataDir, 'pglite')))
    throw new OperatorError(`There is no embedded database in ${from.dataDir}. Check HOLDFAST_DATA_DIR.`)
  await using source = await openCatalog({ dataDir: from.dataDir })
  await using target = await openCatalog(to)
  const tables = [...(await tablesOf(source.db, 'local')), ...(await tablesOf(source.db, 'catalog'))]
  const counts = new Map<TableName, number>()
  for (const table of tables) counts.set(table, await countRows(source.db, table))
  await target.db.transaction(async (within) => {
    const tx = within as Db
    await makeRoom(tx, tables)
    await copy(source.db, tx, { tables, counts, onProgress })
    await continueNumbering(tx)
  })
  for (const table of tables) {
    const moved = await countRows(target.db, table)
    if (moved < counts.get(table)!)
      throw new OperatorError(
        `Only ${moved} of ${counts.get(table)} rows of ${table} arrived. The source is unchanged.`,
      )
  }
  await target.db.execute(sql`ANALYZE`)
  return counts
}

/** Nothing that the target has may be lost: it must have no record, no decision and no history, and no server may use it. */
async function makeRoom(tx: Db, tables: readonly TableName[]): Promise<void> {
  if (!(await tryToLead('ingest', tx)))
    throw new OperatorError('A server uses the PostgreSQL database. Stop it first. Nothing was changed.')
  for (const table of [
    ...(['catalog.record', 'local.admission', 'local.decision'] as const),
    ...(['local.first_seen', 'local.swarm_history', 'local.probe_history'] as const),
  ])
    if ((await countRows(tx, table)) > 0)
      throw new OperatorError(
        `The PostgreSQL database already has rows in ${table}. Nothing was changed. Give an empty database.`,
      )
  for (const table of tables) await tx.execute(sql.raw(`DELETE FROM ${table}`))
}

async function copy(
  source: Db,
  tx: Db,
  options: {
    tables: readonly TableName[]
    counts: ReadonlyMap<TableName, number>
    onProgress: (progress: MoveProgress) => void
  },
): Promise<void> {
  const total = [...options.counts.values()].reduce((sum, count) => sum + count, 0)
  let done = 0
  // What the triggers would note is copied like every other table.
  await tx.execute(sql`ALTER TABLE catalog.dataset DISABLE TRIGGER USER`)
  await readTables(source, options.tables, async (batch) => {
    await writeRows(tx, batch)
    done += batch.rows.length
    options.onProgress({ table: batch.table, rows: batch.rows.length, done, total })
  })
  await tx.execute(sql`ALTER TABLE catalog.dataset ENABLE TRIGGER USER`)
}

/** Rows that are added later continue after those that were copied. */
async function continueNumbering(tx: Db): Promise<void> {
  const columns = await rows<{ table: string; column: string }>(
    tx,
    sql`SELECT table_schema || '.' || table_name AS "table", column_name AS "column" FROM information_schema.columns
      WHERE table_schema IN ('local', 'catalog') AND is_identity = 'YES'`,
  )
  for (const { table, column } of columns)
    await tx.execute(
      sql.raw(
        `SELECT setval(pg_get_serial_sequence('${table}', '${column}'), (SELECT coalesce(max("${column}"), 0) + 1 FROM ${table}), false)`,
      ),
    )
}
