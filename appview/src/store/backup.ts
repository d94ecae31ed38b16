/**
 * Backups of what only this server knows: decisions, first-seen times, swarm and source histories, totals. A backup is lines of
 * JSON: what it is, batches of rows, and an end that a file which was cut off does not have.
 */
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { sql } from 'drizzle-orm'
import { countRows, type RowBatch, readTables, type TableName, writeRows } from './copy-rows.ts'
import { tryToLead } from './leader.ts'
import { type Db, rows } from './sql.ts'
import { startNewEpochs } from './stream-epochs.ts'
import { noteSweeps } from './sweep-notes.ts'

/** Without the replays of the streams: after a restore their readers take a new snapshot anyway. */
const tables: readonly TableName[] = [
  ...(['local.setting', 'local.admission', 'local.info_hash_admission', 'local.decision'] as const),
  ...(['local.first_seen', 'local.swarm', 'local.swarm_history'] as const),
  ...(['local.probe', 'local.probe_history', 'local.daily_stats'] as const),
]
/** Tables that a server fills by itself as soon as it runs; a restore writes over them without asking. */
const refilled: readonly TableName[] = ['local.setting', 'local.daily_stats']

const kind = 'holdfast-backup'
/** The version of the form of these lines. */
const form = 1

/** How many rows of each table a backup holds, by the table's name. */
export type RowCounts = Readonly<Record<string, number>>

/** Writes a backup line by line, as everything was at one moment. */
export async function writeBackup(
  db: Db,
  version: string,
  write: (line: string) => Promise<void>,
): Promise<RowCounts> {
  await write(
    JSON.stringify({ kind, form, version, at: new Date().toISOString(), schema: await readSchema(db) }),
  )
  const counts: Record<string, number> = Object.fromEntries(tables.map((table) => [table, 0]))
  await readTables(db, tables, async ({ table, rows }) => {
    counts[table]! += rows.length
    await write(`{"table":"${table}","rows":[${rows.join(',')}]}`)
  })
  await write(JSON.stringify({ end: true, counts }))
  return counts
}

/**
 * Restores a backup in one transaction. The store must hold no decision and no history, unless `replaces` says to delete them.
 *
 * @throws OperatorError when the file is no whole backup or is of a newer version, when something would be overwritten, or
 * while a server uses the database; then nothing was changed
 */
export async function readBackup(
  db: Db,
  lines: Readable,
  { replaces }: { replaces: boolean },
): Promise<RowCounts> {
  return db.transaction(async (within) => {
    const tx = within as Db
    if (!(await tryToLead('ingest', tx)))
      throw new OperatorError('A server uses this database. Stop it, restore, and start it again.')
    await empty(tx, replaces)
    const counts = await readLines(lines, (batch) => writeRows(tx, batch), await readSchema(tx))
    await startNewEpochs(tx)
    await noteSweeps(tx, [{ kind: 'all', value: 'all' }])
    return counts
  })
}

async function empty(tx: Db, replaces: boolean): Promise<void> {
  for (const table of tables) {
    const count = replaces || refilled.includes(table) ? 0 : await countRows(tx, table)
    if (count > 0)
      throw new OperatorError(
        `This database already has ${count} rows in ${table}. Nothing was changed. Add --replace to delete its decisions and histories first.`,
      )
    await tx.execute(sql.raw(`DELETE FROM ${table}`))
  }
}

/**
 * Reads a backup to its end and passes on its rows.
 *
 * @throws OperatorError when it is no whole backup
 */
export async function readLines(
  lines: Readable,
  take: (batch: RowBatch) => Promise<void>,
  schema?: readonly string[],
): Promise<RowCounts> {
  const found: Record<string, number> = Object.fromEntries(tables.map((table) => [table, 0]))
  let at = 0
  let isBegun = false
  let end: { counts: RowCounts } | undefined
  for await (const line of createInterface({ input: lines, crlfDelay: Number.POSITIVE_INFINITY })) {
    at++
    // What the server's settings were is there for people to read.
    if (at === 1 && parse(line)?.settings !== undefined) continue
    if (!isBegun) {
      checkHeader(line, schema)
      isBegun = true
      continue
    }
    if (end) throw new OperatorError(`Line ${at} follows the end of the backup. Nothing was changed.`)
    const batch = parseBatch(line)
    if (batch) {
      await take(batch.rows)
      found[batch.rows.table]! += batch.count
      continue
    }
    end = parseEnd(line)
    if (!end) throw new OperatorError(`Line ${at} of the backup cannot be read. Nothing was changed.`)
  }
  if (!end || JSON.stringify(end.counts) !== JSON.stringify(found))
    throw new OperatorError('The backup is not whole: its end is missing. Nothing was changed.')
  return found
}

function checkHeader(line: string, schema: readonly string[] | undefined): void {
  const header = parse(line)
  if (header?.kind !== kind)
    throw new OperatorError('This is not a backup that holdfast-appview wrote. Nothing was changed.')
  const made = header.schema
  const isKnown =
    header.form === form && Array.isArray(made) && made.every((hash) => schema?.includes(hash) ?? true)
  if (!isKnown)
    throw new OperatorError(
      `A newer version of Holdfast (${String(header.version)}) wrote this backup. Restore it with that version. Nothing was changed.`,
    )
}

function parseBatch(line: string): { rows: RowBatch; count: number } | undefined {
  const [, table, json] = /^\{"table":"([\w.]+)","rows":\[(.*)\]\}$/.exec(line) ?? []
  const name = tables.find((each) => each === table)
  const values = name === undefined ? undefined : parse(line)?.rows
  if (name === undefined || !Array.isArray(values)) return undefined
  return { rows: { table: name, rows: [json!] }, count: values.length }
}

function parseEnd(line: string): { counts: RowCounts } | undefined {
  const value = parse(line)
  return value?.end === true && typeof value.counts === 'object'
    ? { counts: value.counts as RowCounts }
    : undefined
}

function parse(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}

/** The migrations of `local` that were made, by hash. */
async function readSchema(db: Db): Promise<string[]> {
  const made = await rows<{ hash: string }>(db, sql`SELECT hash FROM holdfast_migrations.local ORDER BY id`)
  return made.map(({ hash }) => hash)
}
