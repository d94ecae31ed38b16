import { sql } from 'drizzle-orm'
import type { Db } from '../sql.ts'

/** Has the tables of the catalogue measured for the planner at once, as autovacuum does in time. */
export async function measureTables(db: Db): Promise<void> {
  for (const table of [
    'account',
    'repo',
    'record',
    'dataset',
    'torrent',
    'torrent_dataset',
    'content',
    'file',
    'metainfo',
  ])
    await db.execute(sql.raw(`ANALYZE catalog.${table}`))
}
