import { sql } from 'drizzle-orm'
import type { Db } from '../store/sql.ts'

/** Stores the day's totals; the last count of a day becomes its entry in the history. */
export async function saveDailyTotals(db: Db, totals: object): Promise<void> {
  await db.execute(sql`
    INSERT INTO local.daily_stats (day, totals) VALUES (to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD'), ${JSON.stringify(totals)}::text::jsonb)
    ON CONFLICT (day) DO UPDATE SET totals = excluded.totals, updated_at = now()`)
}
