import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'

/** The visible datasets that this index saw last. */
export async function readNewestDatasetUris(db: Db, limit: number): Promise<string[]> {
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT uri FROM catalog.dataset WHERE visible ORDER BY indexed_at DESC, id DESC LIMIT ${limit}`,
  )
  return found.map(({ uri }) => uri)
}
