import { sql } from 'drizzle-orm'
import { type Db, recordset, rows } from '../sql.ts'

/** How far the listing of one collection's repos at one host has come. */
export interface BackfillProgress {
  host: string
  /** The collection asked for, or `*` where all repos are listed. */
  collection: string
  cursor: string | null
  listed: number
  done: boolean
  startedAt: string
  updatedAt: string
}

/** Every listing begun, by any host. */
export async function readBackfills(db: Db): Promise<BackfillProgress[]> {
  const found = await rows<
    Omit<BackfillProgress, 'startedAt' | 'updatedAt'> & { startedAt: unknown; updatedAt: unknown }
  >(
    db,
    sql`SELECT host, collection, cursor, listed, done, started_at AS "startedAt", updated_at AS "updatedAt"
        FROM catalog.backfill ORDER BY host, collection`,
  )
  return found.map((row) => ({
    ...row,
    startedAt: new Date(String(row.startedAt)).toISOString(),
    updatedAt: new Date(String(row.updatedAt)).toISOString(),
  }))
}

/**
 * Notes a page of a listing: the repos that must be read whole and the place to go on, in one transaction. A repo
 * that is known keeps its revision; one that waits already keeps its place.
 */
export async function writeBackfillPage(
  db: Db,
  page: {
    host: string
    collection: string
    cursor: string | null
    listed: number
    done: boolean
    toRead: readonly { did: string; host?: string | undefined }[]
  },
): Promise<void> {
  await db.transaction(async (tx) => {
    if (page.toRead.length > 0) {
      const input = page.toRead.map(({ did, host }) => ({ did, host: host ?? null }))
      await tx.execute(sql`
        INSERT INTO catalog.repo AS r (did, state, host) SELECT did, 'desynchronized', host
        FROM ${recordset(input, 'did text, host text')}
        ON CONFLICT (did) DO UPDATE SET state = 'desynchronized', retry_at = NULL, updated_at = now()
        WHERE r.state = 'synchronized'`)
    }
    await tx.execute(sql`
      INSERT INTO catalog.backfill AS b (host, collection, cursor, listed, done)
      VALUES (${page.host}, ${page.collection}, ${page.cursor}, ${page.listed}, ${page.done})
      ON CONFLICT (host, collection) DO UPDATE SET cursor = excluded.cursor, listed = b.listed + excluded.listed,
        done = excluded.done, updated_at = now()`)
  })
}

/** Begins the listings of a host anew. */
export async function restartBackfill(db: Db, host: string): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.backfill WHERE host = ${host}`)
}
