import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../sql.ts'

export interface RepoRow {
  did: string
  rev: string | null
  dataCid: string | null
  state: 'desynchronized' | 'in-progress' | 'synchronized'
  host: string | null
  tries: number
}

/** Where each source was read to, by host; a host never read is absent. */
export async function readCursors(db: Db): Promise<Map<string, number>> {
  const found = await rows<{ host: string; seq: number }>(
    db,
    sql`SELECT host, seq FROM catalog.source_cursor`,
  )
  return new Map(found.map((row) => [row.host, row.seq]))
}

/** Forgets a source's cursor, when the source says that it lies in its future. */
export async function resetCursor(db: Db, host: string): Promise<void> {
  await db.execute(sql`DELETE FROM catalog.source_cursor WHERE host = ${host}`)
}

/** The synchronisation state of these repos; a repo never seen is absent. */
export async function readRepos(db: Db, dids: readonly string[]): Promise<Map<string, RepoRow>> {
  const found = await rows<RepoRow & Record<string, unknown>>(
    db,
    sql`SELECT did, rev, data_cid AS "dataCid", state, host, tries FROM catalog.repo WHERE did = ${anyOf(dids)}`,
  )
  return new Map(found.map((row) => [row.did, row]))
}

/** The DIDs of all repos we follow. */
export async function readTrackedDids(db: Db): Promise<string[]> {
  const found = await rows<{ did: string }>(db, sql`SELECT did FROM catalog.repo ORDER BY did`)
  return found.map((row) => row.did)
}

/** Repos whose resync is due, the longest waiting first. */
export async function readDueRepos(db: Db, limit: number): Promise<RepoRow[]> {
  return rows<RepoRow & Record<string, unknown>>(
    db,
    sql`SELECT did, rev, data_cid AS "dataCid", state, host, tries FROM catalog.repo
        WHERE state = 'desynchronized' AND (retry_at IS NULL OR retry_at <= now())
        ORDER BY retry_at NULLS FIRST LIMIT ${limit}`,
  )
}

/** When the next resync falls due, as an instant; undefined when none waits. */
export async function readNextDue(db: Db): Promise<string | undefined> {
  const [row] = await rows<{ at: string | null }>(
    db,
    sql`SELECT min(coalesce(retry_at, now())) AS at FROM catalog.repo WHERE state = 'desynchronized'`,
  )
  return row?.at ? toInstant(row.at) : undefined
}

/** Path (`collection/rkey`) and CID of every record of ours that a repo holds, rejected ones too. */
export async function readRepoRecords(db: Db, did: string): Promise<Map<string, string>> {
  const found = await rows<{ uri: string; cid: string }>(
    db,
    sql`SELECT uri, cid FROM catalog.record WHERE did = ${did}`,
  )
  return new Map(found.map((row) => [row.uri.slice(`at://${did}/`.length), row.cid]))
}

/** How many repos stand in each state. */
export async function countRepoStates(db: Db): Promise<Record<RepoRow['state'], number>> {
  const found = await rows<{ state: RepoRow['state']; n: number }>(
    db,
    sql`SELECT state, count(*)::int AS n FROM catalog.repo GROUP BY state`,
  )
  const counts = { desynchronized: 0, 'in-progress': 0, synchronized: 0 }
  for (const row of found) counts[row.state] = row.n
  return counts
}
