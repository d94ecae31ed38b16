import { sql } from 'drizzle-orm'
import type { Db } from './sql.ts'

/** Runs ANALYZE on the tables of the catalog now, so that the planner need not wait for autovacuum. */
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
    'metainfo_slice',
  ])
    await db.execute(sql.raw(`ANALYZE catalog.${table}`))
}
