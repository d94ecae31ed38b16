import { sql } from 'drizzle-orm'
import { type Db, rows } from '../sql.ts'

/** What the store holds of an account, as upstream last said it. */
export interface AccountRow {
  handle: string | null
  pdsHost: string | null
  active: boolean
  status: string | null
}

/** The account's row; undefined when it was never written. */
export async function readAccount(db: Db, did: string): Promise<AccountRow | undefined> {
  const [row] = await rows<AccountRow & Record<string, unknown>>(
    db,
    sql`SELECT handle, pds_host AS "pdsHost", active, status FROM catalog.account WHERE did = ${did}`,
  )
  return row
}
