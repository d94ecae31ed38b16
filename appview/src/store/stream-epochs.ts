import { sql } from 'drizzle-orm'
import { channels } from './channels.ts'
import type { Db } from './sql.ts'

/** Starts new epochs of both streams, after the catalog was replaced or emptied, so that every reader takes a new snapshot. */
export async function startNewEpochs(db: Db): Promise<void> {
  await db.execute(sql`DELETE FROM local.info_hash_change`)
  await db.execute(sql`DELETE FROM local.record_change`)
  await db.execute(sql`UPDATE local.stream SET epoch = gen_random_uuid()::text`)
  await db.execute(sql`SELECT pg_notify(${channels.infoHashes}, ''), pg_notify(${channels.records}, '')`)
}
