import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../store/sql.ts'

/** The stored state of an account, as its host last reported it. */
export interface AccountRow {
  handle: string | null
  pdsHost: string | null
  active: boolean
  status: string | null
}

/** Reads an account's row; undefined when it was never written. */
export async function readAccount(db: Db, did: string): Promise<AccountRow | undefined> {
  const [row] = await rows<AccountRow & Record<string, unknown>>(
    db,
    sql`SELECT handle, pds_host AS "pdsHost", active, status FROM catalog.account WHERE did = ${did}`,
  )
  return row
}

/** Finds the DID of an account by DID or by verified handle; undefined for a handle that this index does not know. */
export async function resolveAccount(db: Db, identifier: string): Promise<string | undefined> {
  if (identifier.startsWith('did:')) return identifier
  const [row] = await rows<{ did: string }>(
    db,
    sql`SELECT did FROM catalog.account WHERE handle = ${identifier.toLowerCase()}
        ORDER BY active DESC, updated_at DESC LIMIT 1`,
  )
  return row?.did
}
