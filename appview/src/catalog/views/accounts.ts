import { sql } from 'drizzle-orm'
import { type Db, rows } from '../sql.ts'

/** The DID of an account named by DID or by verified handle; undefined for a handle this index does not know. */
export async function resolveAccount(db: Db, identifier: string): Promise<string | undefined> {
  if (identifier.startsWith('did:')) return identifier
  const [row] = await rows<{ did: string }>(
    db,
    sql`SELECT did FROM catalog.account WHERE handle = ${identifier.toLowerCase()}
        ORDER BY active DESC, updated_at DESC LIMIT 1`,
  )
  return row?.did
}
