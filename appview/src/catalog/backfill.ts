import { sql } from 'drizzle-orm'
import { type Db, recordset, rows } from '../store/sql.ts'

/** The progress of listing the repos with one collection at one host. */
export interface BackfillProgress {
  host: string
  /** The collection, or `*` when all repos are listed. */
  collection: string
  cursor: string | null
  listed: number
  done: boolean
  startedAt: string
  updatedAt: string
}

/** Reads every listing that was begun, of all hosts. */
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
 * Writes a page of a listing in one transaction: the repos that must be read whole, and where to continue. A known repo
 * keeps its revision, and one that already waits keeps its place in the queue.
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

/** Starts the listings of a host from the beginning. */
export async function restartBackfill(db: Db, host: string): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.backfill WHERE host = ${host}`)
}
