import { sql } from 'drizzle-orm'
import { type Db, recordset, rows } from '../store/sql.ts'
import { notePurges, noteSweeps, type SweepSubject } from '../store/sweep-notes.ts'

/** What the account's host or a relay said about it. Absent fields stay as they are. */
export interface AccountUpdate {
  did: string
  /** `null` when the handle does not resolve back to the DID. */
  handle?: string | null
  pdsHost?: string | null
  active?: boolean
  /** `takendown`, `suspended`, `deleted`, `deactivated`, … in the spelling of the source; `null` when active. */
  status?: string | null
  /** When the host was asked, in ms since 1970; absent for what it said just now. A deletion that became known since then stays. */
  askedAtMs?: number
}

/**
 * Writes account states. From the commit on nothing of an inactive account is shown, and a deleted account's records are
 * purged (invariant 5). Resolves with the subjects that must be swept afterwards.
 */
export async function applyAccounts(tx: Db, updates: readonly AccountUpdate[]): Promise<SweepSubject[]> {
  if (updates.length === 0) return []
  const input = merge(updates).map((update) => ({
    did: update.did,
    handle: update.handle ?? null,
    setsHandle: update.handle !== undefined,
    host: update.pdsHost ?? null,
    setsHost: update.pdsHost !== undefined,
    active: update.active ?? null,
    status: update.active === true ? null : (update.status ?? null),
    askedAt: update.askedAtMs === undefined ? null : new Date(update.askedAtMs).toISOString(),
    deleted: update.deleted,
  }))
  const changed = await rows<{ did: string }>(
    tx,
    sql`
    WITH said AS (
      SELECT * FROM ${recordset(
        input,
        `did text, handle text, "setsHandle" bool, host text, "setsHost" bool, active bool, status text,
         "askedAt" timestamptz, deleted bool`,
      )}
    ), before AS (SELECT did, active, deleted_at FROM catalog.account WHERE did IN (SELECT did FROM said)),
    input AS (
      SELECT said.*, CASE WHEN said.active AND said."askedAt" <= before.deleted_at THEN NULL ELSE said.active END AS word
      FROM said LEFT JOIN before USING (did)),
    written AS (
      INSERT INTO catalog.account AS a (did, handle, pds_host, active, status, deleted_at)
      SELECT did, handle, host, coalesce(word, true), status, CASE WHEN deleted THEN now() END FROM input
      ON CONFLICT (did) DO UPDATE SET
        handle = CASE WHEN (SELECT "setsHandle" FROM input i WHERE i.did = a.did) THEN excluded.handle ELSE a.handle END,
        pds_host = CASE WHEN (SELECT "setsHost" FROM input i WHERE i.did = a.did) THEN excluded.pds_host ELSE a.pds_host END,
        active = coalesce((SELECT i.word FROM input i WHERE i.did = a.did), a.active),
        status = CASE WHEN (SELECT i.word FROM input i WHERE i.did = a.did) IS NULL THEN a.status ELSE excluded.status END,
        deleted_at = coalesce(excluded.deleted_at, a.deleted_at),
        updated_at = now()
      RETURNING a.did, a.active)
    SELECT w.did FROM written w LEFT JOIN before b USING (did) WHERE w.active <> coalesce(b.active, true)`,
  )
  const deleted = input.flatMap((update) => (update.deleted ? [update.did] : []))
  const dids = [...new Set([...changed.map((row) => row.did), ...deleted])]
  const sweeps = dids.map((value): SweepSubject => ({ kind: 'did', value }))
  await noteSweeps(tx, sweeps)
  await notePurges(tx, deleted)
  return sweeps
}

/** Merges the updates of each account: the last one wins, and a deletion at any time is noted. */
function merge(updates: readonly AccountUpdate[]): (AccountUpdate & { deleted: boolean })[] {
  const merged = new Map<string, AccountUpdate & { deleted: boolean }>()
  for (const update of updates) {
    const before = merged.get(update.did)
    const deleted = before?.deleted || (update.active === false && update.status === 'deleted')
    // An answer to a question asked before the deletion was known does not take it back.
    const isLate = before?.deleted && update.active && update.askedAtMs !== undefined
    const { active, status, askedAtMs, ...rest } = update
    merged.set(update.did, { ...before, ...(isLate ? rest : update), deleted })
  }
  return [...merged.values()]
}
