import { sql } from 'drizzle-orm'
import { errorCode } from './error-code.ts'
import type { Db } from './sql.ts'

/** Resolves when the store answers and has the tables of the catalog. */
export async function ping(db: Pick<Db, 'execute'>): Promise<void> {
  await db.execute(sql`SELECT FROM catalog.record LIMIT 1`)
}

/**
 * Resolves when the store could write to its disk and found space there. Writing the row is not enough, because it can
 * reuse an old row's space on a full disk; a sort too large for its memory needs a new file.
 */
export async function pingWrites(db: Db): Promise<void> {
  await db.transaction(async (tx) => {
    await ping(tx)
    await tx.execute(sql`
      INSERT INTO local.setting (name, value) VALUES ('lastProbe', to_jsonb(now()))
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
    await tx.execute(sql`SET LOCAL work_mem = '64kB'`)
    await tx.execute(sql`
      SELECT count(*) FROM (SELECT md5(n::text) FROM generate_series(1, 4000) n ORDER BY 1 OFFSET 1) sorted`)
  })
}

/** Says in plain words what is wrong with the store, without any text of the store itself. */
export function storeFault(error: unknown): string {
  const code = errorCode(error) ?? ''
  const known = faults.find(([pattern]) => pattern.test(code))?.[1]
  return known ?? `fails (${code || 'for an unknown reason'})`
}

/** Descriptions by SQLSTATE (PostgreSQL's appendix A) or by the driver's error code. */
const faults: readonly (readonly [RegExp, string])[] = [
  [/^25006$/, 'is read-only'],
  [/^53100$|^58030$|^ENOSPC$/, 'has no room on its disk'],
  [/^58000$/, 'has stopped: this program ends and must be started again'],
  [/^53300$/, 'has no connection left'],
  [/^57P0[1-4]$|^57P05$/, 'is starting or stopping'],
  [/^08|^ECONN|^ENOTFOUND$|^EAI_|^EHOSTUNREACH$|^ETIMEDOUT$|^CONN/, 'cannot be reached'],
  [/^28|^3D000$/, 'refuses this program’s user or password'],
  [/^57014$/, 'does not answer in time'],
  [/^42P01$|^3F000$/, 'lacks its tables: restart this server, which creates them again'],
]
