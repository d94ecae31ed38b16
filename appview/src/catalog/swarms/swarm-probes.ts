/** Addresses that strangers named, and what probing them gave: webseeds by content, origins by dataset. */
import { foreignCollections } from '@holdfast/lexicons/foreign'
import { sql } from 'drizzle-orm'
import { anyOf, type Db, recordset, rows, toInstant } from '../sql.ts'
import { addWarning } from './swarm-targets.ts'

export type ProbeSubject = 'content' | 'dataset'

/** An address that is due. */
export interface DueProbe {
  subject: string
  url: string
  status: string
  detail: ProbeDetail
  failures: number
  /** Since when the status is what it is, as an instant. */
  changedAt: string
  /** Whether anybody still names it, in what is visible. */
  named: boolean
}

export interface ProbeDetail {
  kind?: string
  metainfo?: boolean
  homepage?: boolean
  httpStatus?: number
  message?: string
  https?: boolean
  cors?: boolean
}

export interface ProbeResult {
  subject: string
  url: string
  status: string
  detail: ProbeDetail
  /** Whether it did not answer as it should: failures in a row are counted. */
  failed: boolean
  nextAt: Date
  /** What the records that name it are to be warned of. */
  warning?: string
}

const isContent = sql`length(p.subject) IN (40, 64) AND p.subject NOT LIKE 'at:%'`
const isDataset = sql`p.subject LIKE 'at:%'`

/** Whoever names the webseed: the metainfo, a visible torrent record of the content, or a visible webseed record. */
const isNamedSeed = sql`EXISTS (
  SELECT FROM catalog.content c
  WHERE c.announced AND (c.info_hash_v2 = p.subject OR (c.info_hash_v1 = p.subject AND c.info_hash_v2 IS NULL))
    AND NOT c.private AND (p.detail ? 'metainfo'
      OR EXISTS (SELECT FROM catalog.torrent t JOIN catalog.record r USING (id) WHERE t.content_id = c.id AND r.visible
        AND r.value -> 'webSeeds' @> jsonb_build_array(jsonb_build_object('url', p.url)))
      OR EXISTS (SELECT FROM catalog.webseed w WHERE w.visible AND w.url = p.url AND w.info_hash_v1 = c.info_hash_v1)
      OR EXISTS (SELECT FROM catalog.webseed w WHERE w.visible AND w.url = p.url AND w.info_hash_v2 = c.info_hash_v2)))`

/** Whether a visible dataset names the source `p`. A foreign record names whatever stands in it as it is; addresses put together from its parts are not watched. */
export const isNamedSource = sql`EXISTS (
  SELECT FROM catalog.record r WHERE r.uri = p.subject AND r.visible AND (r.value ->> 'homepage' = p.url
    OR r.value -> 'sources' @> jsonb_build_array(jsonb_build_object('url', p.url))
    OR (r.value ->> '$type' = ${anyOf(Object.values(foreignCollections))} AND strpos(r.value::text, to_json(p.url)::text) > 0)))`

/** Due addresses, longest waiting first, at most so many of one host. */
export async function readDueProbes(
  db: Db,
  wanted: { subject: ProbeSubject; limit: number; perHost: number },
): Promise<DueProbe[]> {
  const [isSubject, isNamed] =
    wanted.subject === 'content' ? [isContent, isNamedSeed] : [isDataset, isNamedSource]
  const found = await rows<DueProbe & Record<string, unknown>>(
    db,
    sql`
    WITH due AS (
      SELECT * FROM local.probe p WHERE next_at <= now() AND ${isSubject} ORDER BY next_at LIMIT 5000
    ), placed AS (
      SELECT *, row_number() OVER (PARTITION BY lower(substring(url FROM '^[^/]*//([^/?#]*)')) ORDER BY next_at) AS place
      FROM due)
    SELECT subject, url, status, detail, failures, changed_at AS "changedAt", ${isNamed} AS named
    FROM placed p WHERE place <= ${wanted.perHost} ORDER BY next_at LIMIT ${wanted.limit}`,
  )
  return found.map((row) => ({ ...row, changedAt: toInstant(row.changedAt) }))
}

/** Writes what probing gave, with a line of history where the status changed, and the datasets' own status. */
export async function writeProbes(db: Db, results: readonly ProbeResult[], at: Date): Promise<void> {
  if (results.length === 0) return
  const input = recordset(
    results.map((result) => ({ ...result, nextAt: result.nextAt.toISOString() })),
    'subject text, url text, status text, detail jsonb, failed bool, "nextAt" timestamptz',
  )
  const now = sql`${at.toISOString()}::timestamptz`
  await db.transaction(async (tx) => {
    await tx.execute(sql`
      INSERT INTO local.probe_history (subject, url, at, status)
      SELECT p.subject, p.url, ${now}, input.status FROM local.probe p JOIN ${input} USING (subject, url)
      WHERE p.status <> input.status ON CONFLICT DO NOTHING`)
    await tx.execute(sql`
      UPDATE local.probe p SET status = input.status,
        detail = input.detail || (SELECT coalesce(jsonb_object_agg(key, value), '{}') FROM jsonb_each(p.detail)
          WHERE key IN ('kind', 'metainfo', 'homepage')),
        checked_at = ${now}, changed_at = CASE WHEN p.status = input.status THEN p.changed_at ELSE ${now} END,
        next_at = input."nextAt", failures = CASE WHEN input.failed THEN p.failures + 1 ELSE 0 END
      FROM ${input} WHERE p.subject = input.subject AND p.url = input.url`)
    for (const result of results) if (result.warning) await warnNamers(tx, result, result.warning)
    await refreshSourceStatus(
      tx,
      results.map((result) => result.subject).filter((subject) => subject.startsWith('at:')),
    )
  })
}

/** Warns the authors of whatever names an address. */
async function warnNamers(
  tx: Db,
  { subject, url }: Pick<ProbeResult, 'subject' | 'url'>,
  warning: string,
): Promise<void> {
  const named = sql`jsonb_build_array(jsonb_build_object('url', ${url}::text))`
  const found = await rows<{ uri: string }>(
    tx,
    sql`
    SELECT uri FROM catalog.record WHERE uri = ${subject}
    UNION
    SELECT r.uri FROM catalog.content c JOIN catalog.torrent t ON t.content_id = c.id JOIN catalog.record r ON r.id = t.id
    WHERE (c.info_hash_v2 = ${subject} OR c.info_hash_v1 = ${subject}) AND r.value -> 'webSeeds' @> ${named}
    UNION
    SELECT r.uri FROM catalog.content c
    JOIN catalog.webseed w ON w.info_hash_v2 = c.info_hash_v2 OR w.info_hash_v1 = c.info_hash_v1
    JOIN catalog.record r ON r.id = w.id
    WHERE (c.info_hash_v2 = ${subject} OR c.info_hash_v1 = ${subject}) AND w.url = ${url}`,
  )
  await addWarning(
    tx,
    found.map((row) => row.uri),
    warning,
  )
}

/** Leaves addresses that nobody visible names for later: what is hidden may come back. */
export async function postponeProbes(
  db: Db,
  probes: readonly Pick<DueProbe, 'subject' | 'url'>[],
  until: Date,
): Promise<void> {
  if (probes.length === 0) return
  await db.execute(sql`
    UPDATE local.probe p SET next_at = ${until.toISOString()}::timestamptz
    FROM ${recordset(probes, 'subject text, url text')} WHERE p.subject = input.subject AND p.url = input.url`)
}

/**
 * Sets each dataset's `source_status`: of its sources the one that is best off, for as long as one answers the data
 * is not lost; of its homepage where no source could be probed.
 */
export async function refreshSourceStatus(db: Db, datasetUris: readonly string[]): Promise<void> {
  if (datasetUris.length === 0) return
  await db.execute(sql`
    UPDATE catalog.dataset d SET source_status = best.status
    FROM (
      SELECT d.uri, (
        SELECT p.status FROM local.probe p
        WHERE p.subject = d.uri AND p.status NOT IN ('unchecked', 'skipped') AND ${isNamedSource}
        ORDER BY p.detail ? 'homepage',
          array_position(ARRAY['online', 'degraded', 'refused', 'offline', 'gone'], p.status) LIMIT 1) AS status
      FROM catalog.dataset d WHERE d.uri = ${anyOf(datasetUris)}) AS best
    WHERE d.uri = best.uri AND d.source_status IS DISTINCT FROM best.status`)
}

/** Forgets addresses of subjects that are no longer here, with their history. */
export async function forgetGoneProbes(db: Db, limits: { goneBefore: Date; batch: number }): Promise<number> {
  const gone = await rows<{ subject: string; url: string }>(
    db,
    sql`
    DELETE FROM local.probe WHERE (subject, url) IN (
      SELECT p.subject, p.url FROM local.probe p
      WHERE p.checked_at < ${limits.goneBefore.toISOString()}::timestamptz
        AND NOT EXISTS (SELECT FROM catalog.record r WHERE r.uri = p.subject)
        AND NOT EXISTS (SELECT FROM catalog.content c WHERE c.info_hash_v2 = p.subject)
        AND NOT EXISTS (SELECT FROM catalog.content c WHERE c.info_hash_v1 = p.subject)
      LIMIT ${limits.batch}) RETURNING subject, url`,
  )
  await db.execute(sql`
    DELETE FROM local.probe_history h USING ${recordset(gone, 'subject text, url text')}
    WHERE h.subject = input.subject AND h.url = input.url`)
  return gone.length
}
