/** For tests: checks the visibility flags in a store against its own rows. */
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../src/store/sql.ts'

/** Returns a line for each wrong flag. */
export async function findWrong(db: Db): Promise<string[]> {
  const checks = [wrongRecords, wrongProjections, wrongContents, wrongStream, leftOver]
  const found = await Promise.all(checks.map((check) => rows<{ line: string }>(db, check)))
  return found.flat().map(({ line }) => line)
}

const wrongRecords = sql`
  SELECT 'visible is ' || r.visible || ' for ' || r.uri AS line FROM catalog.record r
  WHERE r.visible <> (r.reason IS NULL
    AND NOT EXISTS (SELECT FROM catalog.account a WHERE a.did = r.did AND NOT a.active)
    AND NOT EXISTS (SELECT FROM local.admission m WHERE m.action = 'deny' AND m.subject IN (r.did, r.uri))
    AND NOT EXISTS (SELECT FROM catalog.torrent t JOIN local.info_hash_admission i ON i.action = 'deny'
      AND i.info_hash IN (t.info_hash_v1, t.info_hash_v2, left(t.info_hash_v2, 40)) WHERE t.id = r.id)
    AND (EXISTS (SELECT FROM local.setting WHERE name = 'admission' AND value = '"open"')
      OR EXISTS (SELECT FROM local.admission m WHERE m.action = 'allow' AND m.subject IN (r.did, r.uri))))`

const wrongProjections = sql`
  SELECT kind || ' ' || r.uri || ' is not as its record' AS line FROM catalog.record r
  LEFT JOIN (SELECT id, visible FROM catalog.dataset UNION ALL SELECT id, visible FROM catalog.torrent) AS p USING (id)
  WHERE r.kind IN ('dataset', 'torrent') AND r.reason IS NULL AND p.visible IS DISTINCT FROM r.visible
  UNION ALL
  SELECT 'dataset ' || d.uri || ' counts ' || d.torrent_count FROM catalog.dataset d
  WHERE d.torrent_count <> (SELECT count(DISTINCT t.id) FROM catalog.torrent_dataset td
    JOIN catalog.torrent t ON t.id = td.torrent_id AND t.visible WHERE td.dataset_uri = d.uri)
  UNION ALL
  SELECT 'dataset ' || d.uri || ' is not among the changes' FROM catalog.dataset d
  WHERE d.visible <> EXISTS (SELECT FROM catalog.dataset_change c WHERE c.dataset_id = d.id)`

const wrongContents = sql`
  SELECT 'announced is ' || c.announced || ' for ' || c.info_hash_v1 AS line FROM catalog.content c
  WHERE c.announced <> EXISTS (
    SELECT FROM catalog.torrent t WHERE t.content_id = c.id AND t.visible AND t.metainfo_status = 'verified')
  UNION ALL
  SELECT t.uri || ' is verified without a content' FROM catalog.torrent t
  WHERE t.metainfo_status = 'verified' AND NOT EXISTS (SELECT FROM catalog.content c WHERE c.id = t.content_id)
  UNION ALL
  SELECT 'nobody names ' || c.info_hash_v1 FROM catalog.content c
  WHERE NOT EXISTS (SELECT FROM catalog.torrent t WHERE t.content_id = c.id)`

const wrongStream = sql`
  SELECT 'the stream ends with ' || coalesce(last.action, 'nothing') || ' for ' || known.v1 AS line FROM (
    SELECT info_hash_v1 AS v1 FROM catalog.content UNION SELECT info_hash_v1 FROM local.info_hash_change) AS known
  LEFT JOIN LATERAL (SELECT h.action FROM local.info_hash_change h WHERE h.info_hash_v1 = known.v1
    ORDER BY h.seq DESC LIMIT 1) AS last ON true
  WHERE (coalesce(last.action, 'remove') = 'add') <> EXISTS (
    SELECT FROM catalog.content c WHERE c.info_hash_v1 = known.v1 AND c.announced)`

const leftOver = sql`SELECT 'left to be swept: ' || subject AS line FROM catalog.sweep`
