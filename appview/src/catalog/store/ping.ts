import { sql } from 'drizzle-orm'
import type { Db } from '../sql.ts'

/** Resolves when the store answers. */
export async function ping(db: Db): Promise<void> {
  await db.execute(sql`SELECT 1`)
}
