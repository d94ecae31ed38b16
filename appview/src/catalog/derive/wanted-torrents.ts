/**
 * Decides which torrents are wanted. Only for those the pages ask for help, and only their sizes are added up. A torrent is
 * wanted when its own author has not replaced it, and when it names no dataset or one that is visible here. The flag
 * `torrent.wanted` is derived here and nowhere else.
 */
import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, rows } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

/** Below this many seeders, content is in danger of losing its last copies. */
export const fewSeeders = 3

/** Whether a torrent needs help: it is wanted, and has too few seeders. All interfaces use this rule. */
export function needsHelp(alias = 'torrent'): SQL {
  const of = (name: string) => sql.raw(`${alias}.${name}`)
  return sql`(${of('wanted')} AND ${of('metainfo_status')} = 'verified'
    AND coalesce(${of('seeders')}, 2147483647) < ${fewSeeders})`
}

/** Whether the torrent `n` replaces the torrent `t`: its author is the same and says so, and its metainfo was verified. */
export const takesItsPlace = sql`(n.supersedes = t.uri AND n.did = t.did AND n.id <> t.id
  AND n.visible AND n.metainfo_status = 'verified')`

// `OFFSET 0` keeps PostgreSQL from reading the whole table instead of looking up each torrent.
const isCurrent = sql`NOT EXISTS (SELECT FROM catalog.torrent n WHERE ${takesItsPlace} OFFSET 0)`

/** A torrent that names more datasets than this has one, without a look at whether any of them is visible here. */
const mostDatasetsLookedAt = 100

/** Whether the torrent `t` names no dataset, or one that is visible here. */
const hasDataset = sql`(
  EXISTS (SELECT FROM catalog.torrent_dataset td WHERE td.torrent_id = t.id
    ORDER BY td.dataset_uri OFFSET ${mostDatasetsLookedAt})
  OR NOT EXISTS (SELECT FROM catalog.torrent_dataset td WHERE td.torrent_id = t.id OFFSET 0)
  OR EXISTS (SELECT FROM catalog.torrent_dataset td JOIN catalog.dataset d ON d.uri = td.dataset_uri AND d.visible
    WHERE td.torrent_id = t.id OFFSET 0))`

/**
 * Derives the flag of touched torrents, of torrents that they replace or replaced, and of torrents that name these
 * datasets. Resolves with the torrents whose flag changed.
 */
export async function refreshWanted(
  db: Db,
  { torrents, supersededUris }: Touched,
  datasetUris: readonly string[],
): Promise<number[]> {
  const ids = anyIdOf([...torrents])
  return judge(
    db,
    sql`
    SELECT id FROM catalog.torrent WHERE id = ${ids}
    UNION SELECT old.id FROM catalog.torrent n JOIN catalog.torrent old ON old.uri = n.supersedes WHERE n.id = ${ids}
    UNION SELECT id FROM catalog.torrent WHERE uri = ${anyOf([...supersededUris])}
    UNION SELECT torrent_id AS id FROM catalog.torrent_dataset WHERE dataset_uri = ${anyOf(datasetUris)}`,
  )
}

/** Derives the flag of these torrents, given by id. Resolves with those whose flag changed. */
export async function refreshWantedOf(db: Db, torrentIds: readonly number[]): Promise<number[]> {
  return judge(db, sql`SELECT id FROM catalog.torrent WHERE id = ${anyIdOf(torrentIds)}`)
}

async function judge(db: Db, ids: SQL): Promise<number[]> {
  const changed = await rows<{ id: number }>(
    db,
    sql`
    WITH touched AS MATERIALIZED (${ids}), judged AS MATERIALIZED (
      SELECT t.id, (${isCurrent} AND ${hasDataset}) AS wanted FROM touched JOIN catalog.torrent t USING (id))
    UPDATE catalog.torrent AS t SET wanted = j.wanted FROM judged j WHERE j.id = t.id AND t.wanted <> j.wanted
    RETURNING t.id`,
  )
  return changed.map((row) => row.id)
}
