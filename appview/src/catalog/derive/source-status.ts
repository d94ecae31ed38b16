import { foreignCollections } from '@holdfast/lexicons/foreign'
import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../../store/sql.ts'
import { shown } from '../shown.ts'
import type { Touched } from './touched.ts'

/** Whether a visible dataset names the source `p`. Of a foreign record, only addresses that occur in it literally count, not those composed from its parts. */
export const isNamedSource = sql`EXISTS (
  SELECT FROM catalog.record r WHERE r.uri = p.subject AND ${shown('r')} AND (r.value ->> 'homepage' = p.url
    OR r.value -> 'sources' @> jsonb_build_array(jsonb_build_object('url', p.url))
    OR (r.value ->> '$type' = ${anyOf(Object.values(foreignCollections))} AND strpos(r.value::text, to_json(p.url)::text) > 0)))`

/**
 * Sets each dataset's `source_status` to the best status of its sources, since the data is not lost while one of them
 * answers; or to that of its homepage when no source could be probed.
 */
export async function refreshSourceStatus(db: Db, { probedDatasetUris }: Touched): Promise<void> {
  if (probedDatasetUris.size === 0) return
  const uris = await probedAmong(db, [...probedDatasetUris])
  if (uris.length === 0) return
  await db.execute(sql`
    UPDATE catalog.dataset d SET source_status = best.status
    FROM (
      SELECT d.uri, (
        SELECT p.status FROM local.probe p
        WHERE p.subject = d.uri AND p.status NOT IN ('unchecked', 'skipped') AND ${isNamedSource}
        ORDER BY p.detail ? 'homepage',
          array_position(ARRAY['online', 'degraded', 'refused', 'offline', 'gone'], p.status) LIMIT 1) AS status
      FROM catalog.dataset d WHERE d.uri = ${anyOf(uris)}) AS best
    WHERE d.uri = best.uri AND d.source_status IS DISTINCT FROM best.status`)
}

/** The datasets with a source that was ever probed, or with a status; new ones have neither, and to judge them is dear. */
async function probedAmong(db: Db, uris: readonly string[]): Promise<string[]> {
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT d.uri FROM catalog.dataset d WHERE d.uri = ${anyOf(uris)}
        AND (d.source_status IS NOT NULL OR EXISTS (SELECT FROM local.probe p WHERE p.subject = d.uri))`,
  )
  return found.map((row) => row.uri)
}
