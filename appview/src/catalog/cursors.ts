/** The cursor of each source, which is written in one transaction with the events before it. */
import { type SQL, sql } from 'drizzle-orm'
import { type Db, recordset, rows, toInstant } from '../store/sql.ts'

export interface SourceCursor {
  host: string
  seq: number
  /** When the event was made, in ISO 8601. */
  eventTime?: string
}

/** Reads each source's cursor, and the time of the last event that was stored; sources never read are absent. */
export async function readCursors(db: Db): Promise<Map<string, { seq: number; eventTime?: string }>> {
  const found = await rows<{ host: string; seq: number; eventTime: string | null }>(
    db,
    sql`SELECT host, seq, event_time AS "eventTime" FROM catalog.source_cursor`,
  )
  return new Map(
    found.map(({ host, seq, eventTime }) => [
      host,
      { seq, ...(eventTime !== null && { eventTime: toInstant(eventTime) }) },
    ]),
  )
}

/** Deletes a source's cursor, when the source says that it is in the future. */
export async function resetCursor(db: Db, host: string): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.source_cursor WHERE host = ${host}`)
}

/** The statement that writes the cursors of sources; a cursor never goes back. */
export function advanceCursors(cursors: readonly SourceCursor[]): SQL {
  const last = new Map<string, SourceCursor>()
  for (const cursor of cursors) {
    const before = last.get(cursor.host)
    const seq = Math.max(before?.seq ?? cursor.seq, cursor.seq)
    last.set(cursor.host, { ...before, ...cursor, seq })
  }
  return sql`
    INSERT INTO catalog.source_cursor AS c (host, seq, event_time)
    SELECT host, seq, "eventTime" FROM ${recordset([...last.values()], 'host text, seq bigint, "eventTime" timestamptz')}
    ORDER BY host
    ON CONFLICT (host) DO UPDATE SET seq = greatest(c.seq, excluded.seq),
      event_time = coalesce(excluded.event_time, c.event_time), updated_at = now()`
}
