import { sql } from 'drizzle-orm'
import { type Db, rows } from '../store/sql.ts'
import { noteSweeps } from '../store/sweep-notes.ts'
import { writing } from '../store/write-turns.ts'
import { sweep } from './sweeps.ts'

export type AdmissionPolicy = 'open' | 'accounts' | 'reviewed'

const everything = { kind: 'all', value: 'all' } as const

/**
 * Sets the admission policy under which flags are computed. If it differs from the last one, or if an earlier change was
 * not finished, the flags of every record are computed again. Resolves when that is done.
 */
export async function applyAdmissionPolicy(db: Db, policy: AdmissionPolicy): Promise<void> {
  await writing(db, async (tx) => {
    const [before] = await rows<{ value: unknown }>(
      tx,
      sql`SELECT value FROM local.setting WHERE name = 'admission' FOR UPDATE`,
    )
    if (before?.value === policy) return
    await tx.execute(sql`
      INSERT INTO local.setting (name, value) VALUES ('admission', to_jsonb(${policy}::text))
      ON CONFLICT (name) DO UPDATE SET value = excluded.value`)
    await noteSweeps(tx, [everything])
  })
  await sweep(db, everything)
}
