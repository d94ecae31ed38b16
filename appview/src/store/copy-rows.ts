/**
 * Reads whole tables as JSON in the database's own words, and writes such rows again. The JSON is never parsed here, because
 * JavaScript would round its large integers.
 */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, rows } from './sql.ts'

/** A table with its schema, such as `local.swarm`. */
export type TableName = `${'local' | 'catalog'}.${string}`

/** Rows of one table: each a JSON object that names the columns. */
export interface RowBatch {
  readonly table: TableName
  readonly rows: readonly string[]
}

/** How many rows are read at once; of tables that hold files, one. */
const batchSize = 500

/**
 * Reads tables in batches, all as they were at one moment. The transaction stays open until the last batch was taken, so take
 * them quickly.
 */
export async function readTables(
  db: Db,
  tables: readonly TableName[],
  take: (batch: RowBatch) => Promise<void>,
): Promise<void> {
  await db.transaction(
    async (within) => {
      const tx = within as Db
      for (const table of tables) {
        const count = (await hasFiles(tx, table)) ? 1 : batchSize
        await tx.execute(
          sql`DECLARE copied NO SCROLL CURSOR FOR SELECT to_jsonb(t)::text AS row FROM ${nameOf(table)} AS t`,
        )
        for (;;) {
          const batch = await rows<{ row: string }>(tx, sql.raw(`FETCH ${count} FROM copied`))
          if (batch.length === 0) break
          await take({ table, rows: batch.map(({ row }) => row) })
        }
        await tx.execute(sql`CLOSE copied`)
      }
    },
    { isolationLevel: 'repeatable read', accessMode: 'read only' },
  )
}

/** Writes rows that {@link readTables} gave, identifiers included. */
export async function writeRows(tx: Db, batch: RowBatch): Promise<void> {
  const table = nameOf(batch.table)
  await tx.execute(sql`
    INSERT INTO ${table} OVERRIDING SYSTEM VALUE
    SELECT * FROM jsonb_populate_recordset(NULL::${table}, ${`[${batch.rows.join(',')}]`}::text::jsonb)`)
}

/** The tables of a schema, by name. */
export async function tablesOf(db: Db, schema: 'local' | 'catalog'): Promise<TableName[]> {
  const found = await rows<{ name: string }>(
    db,
    sql`SELECT relname AS name FROM pg_class WHERE relnamespace = ${schema}::regnamespace AND relkind = 'r' ORDER BY 1`,
  )
  return found.map(({ name }) => `${schema}.${name}` as const)
}

/** How many rows a table has. */
export async function countRows(db: Db, table: TableName): Promise<number> {
  const [row] = await rows<{ count: string }>(db, sql`SELECT count(*)::text AS count FROM ${nameOf(table)}`)
  return Number(row?.count ?? 0)
}

async function hasFiles(db: Db, table: TableName): Promise<boolean> {
  const [schema, name] = table.split('.')
  const found = await rows(
    db,
    sql`SELECT FROM information_schema.columns WHERE table_schema = ${schema} AND table_name = ${name} AND data_type = 'bytea' AND column_name = 'bytes'`,
  )
  return found.length > 0
}

function nameOf(table: TableName): SQL {
  const [schema, name, ...more] = table.split('.')
  if (more.length > 0 || !/^\w+$/.test(schema!) || !/^\w+$/.test(name ?? ''))
    throw new Error(`${table} is not the name of a table`)
  return sql.raw(`${schema}."${name}"`)
}
