import { sql } from 'drizzle-orm'
import { type Db, rows } from './sql.ts'

/** How many records of ours an account has, refused ones too. */
export async function countRecords(db: Db, did: string): Promise<number> {
  const [row] = await rows<{ n: number }>(
    db,
    sql`SELECT count(*)::int AS n FROM catalog.record WHERE did = ${did}`,
  )
  return row?.n ?? 0
}
