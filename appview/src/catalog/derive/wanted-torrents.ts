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

const isCurrent = sql`NOT EXISTS (SELECT FROM catalog.torrent n WHERE ${takesItsPlace})`

/** Whether the torrent `t` names no dataset, or one that is visible here. */
const hasDataset = sql`(
  NOT EXISTS (SELECT FROM catalog.torrent_dataset td WHERE td.torrent_id = t.id)
  OR EXISTS (SELECT FROM catalog.torrent_dataset td JOIN catalog.dataset d ON d.uri = td.dataset_uri AND d.visible
    WHERE td.torrent_id = t.id))`

/**
 * Derives the flag of touched torrents, of torrents that they replace or replaced, and of torrents that name touched
 * datasets. Resolves with the torrents whose flag changed.
 */
export async function refreshWanted(
  db: Db,
  { torrents, supersededUris, datasetUris }: Touched,
): Promise<number[]> {
  const ids = anyIdOf([...torrents])
  const changed = await rows<{ id: number }>(
    db,
    sql`
    WITH judged AS (
      SELECT t.id, (${isCurrent} AND ${hasDataset}) AS wanted FROM catalog.torrent t WHERE t.id IN (
        SELECT id FROM catalog.torrent WHERE id = ${ids}
        UNION SELECT old.id FROM catalog.torrent n JOIN catalog.torrent old ON old.uri = n.supersedes WHERE n.id = ${ids}
        UNION SELECT id FROM catalog.torrent WHERE uri = ${anyOf([...supersededUris])}
        UNION SELECT torrent_id FROM catalog.torrent_dataset WHERE dataset_uri = ${anyOf([...datasetUris])}))
    UPDATE catalog.torrent AS t SET wanted = j.wanted FROM judged j WHERE j.id = t.id AND t.wanted <> j.wanted
    RETURNING t.id`,
  )
  return changed.map((row) => row.id)
}
