import { sql } from 'drizzle-orm'
import { type Db, recordset, rows } from '../sql.ts'
import { refreshVisibility } from '../visibility.ts'
import { purgeRepo } from './record-removal.ts'

/** What upstream said of an account; absent fields stay as they are. */
export interface AccountUpdate {
  did: string
  /** `null` when the handle does not resolve back to the DID. */
  handle?: string | null
  pdsHost?: string | null
  active?: boolean
  /** `takendown`, `suspended`, `deleted`, `deactivated`, … as upstream spells it; `null` when active. */
  status?: string | null
}

/** Writes account states: an inactive account is hidden at once, a deleted one is purged (invariant 5). */
export async function applyAccounts(tx: Db, updates: readonly AccountUpdate[]): Promise<void> {
  if (updates.length === 0) return
  const merged = new Map<string, AccountUpdate>()
  for (const update of updates) merged.set(update.did, { ...merged.get(update.did), ...update })
  const input = [...merged.values()].map((update) => ({
    did: update.did,
    handle: update.handle ?? null,
    setsHandle: update.handle !== undefined,
    host: update.pdsHost ?? null,
    setsHost: update.pdsHost !== undefined,
    active: update.active ?? null,
    status: update.active === true ? null : (update.status ?? null),
  }))
  const changed = await rows<{ did: string }>(
    tx,
    sql`
    WITH input AS (
      SELECT * FROM ${recordset(input, 'did text, handle text, "setsHandle" bool, host text, "setsHost" bool, active bool, status text')}
    ), before AS (SELECT did, active FROM catalog.account WHERE did IN (SELECT did FROM input)),
    written AS (
      INSERT INTO catalog.account AS a (did, handle, pds_host, active, status)
      SELECT did, handle, host, coalesce(active, true), status FROM input
      ON CONFLICT (did) DO UPDATE SET
        handle = CASE WHEN (SELECT "setsHandle" FROM input i WHERE i.did = a.did) THEN excluded.handle ELSE a.handle END,
        pds_host = CASE WHEN (SELECT "setsHost" FROM input i WHERE i.did = a.did) THEN excluded.pds_host ELSE a.pds_host END,
        active = coalesce((SELECT i.active FROM input i WHERE i.did = a.did), a.active),
        status = CASE WHEN (SELECT i.active FROM input i WHERE i.did = a.did) IS NULL THEN a.status ELSE excluded.status END,
        updated_at = now()
      RETURNING a.did, a.active)
    SELECT w.did FROM written w LEFT JOIN before b USING (did) WHERE w.active <> coalesce(b.active, true)`,
  )
  for (const update of merged.values()) {
    if (update.active === false && update.status === 'deleted') await purgeRepo(tx, update.did)
  }
  if (changed.length > 0) await refreshVisibility(tx, { dids: changed.map((row) => row.did) })
}
