import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../../store/sql.ts'
import { isTooLarge } from '../too-large-repos.ts'

export interface RepoRow {
  did: string
  rev: string | null
  dataCid: string | null
  state: 'desynchronized' | 'in-progress' | 'synchronized'
  host: string | null
  tries: number
}

/** Reads the synchronization state of these repos; a repo never seen is absent. */
export async function readRepos(
  db: Db,
  dids: readonly string[],
): Promise<Map<string, RepoRow & { isTooLarge: boolean }>> {
  const found = await rows<RepoRow & { isTooLarge: boolean } & Record<string, unknown>>(
    db,
    sql`SELECT did, rev, data_cid AS "dataCid", state, host, tries, ${isTooLarge()} AS "isTooLarge"
        FROM catalog.repo WHERE did = ${anyOf(dids)}`,
  )
  return new Map(found.map((row) => [row.did, row]))
}

/** Reads the DIDs of all followed repos. */
export async function readTrackedDids(db: Db): Promise<string[]> {
  const found = await rows<{ did: string }>(db, sql`SELECT did FROM catalog.repo ORDER BY did`)
  return found.map((row) => row.did)
}

/** Reads the repos whose resync is due, the longest waiting first. */
export async function readDueRepos(db: Db, limit: number): Promise<RepoRow[]> {
  return rows<RepoRow & Record<string, unknown>>(
    db,
    sql`SELECT did, rev, data_cid AS "dataCid", state, host, tries FROM catalog.repo
        WHERE state = 'desynchronized' AND (retry_at IS NULL OR retry_at <= now())
        ORDER BY retry_at NULLS FIRST LIMIT ${limit}`,
  )
}

/** Whether a repository waits to be read whole for the first time (reading it has not failed before). */
export async function hasReposToRead(db: Db): Promise<boolean> {
  const found = await rows(
    db,
    sql`SELECT did FROM catalog.repo
        WHERE state = 'in-progress' OR (state = 'desynchronized' AND tries = 0) LIMIT 1`,
  )
  return found.length > 0
}

/** Reads when the next resync becomes due, as an instant; undefined when none waits. */
export async function readNextDue(db: Db): Promise<string | undefined> {
  const [row] = await rows<{ at: string | null }>(
    db,
    sql`SELECT min(coalesce(retry_at, now())) AS at FROM catalog.repo
        WHERE state = 'desynchronized' AND NOT ${isTooLarge()}`,
  )
  return row?.at ? toInstant(row.at) : undefined
}

/** Reads the path (`collection/rkey`) and CID of every stored record of a repo, including rejected ones. */
export async function readRepoRecords(db: Db, did: string): Promise<Map<string, string>> {
  const found = await rows<{ uri: string; cid: string }>(
    db,
    sql`SELECT uri, cid FROM catalog.record WHERE did = ${did}`,
  )
  return new Map(found.map((row) => [row.uri.slice(`at://${did}/`.length), row.cid]))
}

/** Counts stored records, of all accounts or of these. */
export async function countRecords(db: Db, dids?: readonly string[]): Promise<number> {
  const ofThem = dids === undefined ? sql`` : sql`AND did = ${anyOf(dids)}`
  const [counted] = await rows<{ n: number }>(
    db,
    sql`SELECT count(*)::int AS n FROM catalog.record WHERE reason IS NULL ${ofThem}`,
  )
  return counted!.n
}

/** Counts the repos in each state. */
export async function countRepoStates(db: Db): Promise<Record<RepoRow['state'], number>> {
  const found = await rows<{ state: RepoRow['state']; n: number }>(
    db,
    sql`SELECT state, count(*)::int AS n FROM catalog.repo GROUP BY state`,
  )
  const counts = { desynchronized: 0, 'in-progress': 0, synchronized: 0 }
  for (const row of found) counts[row.state] = row.n
  return counts
}
