/** Addresses that strangers named, and the results of probing them: webseeds by content, sources by dataset. */
import { sql } from 'drizzle-orm'
import { type Db, recordset, rows, toInstant } from '../../store/sql.ts'
import { writing } from '../../store/write-turns.ts'
import { settle } from '../derive/settle.ts'
import { isNamedSource } from '../derive/source-status.ts'
import { createTouched } from '../derive/touched.ts'
import { isNamed, namerOf } from '../named-addresses.ts'
import { shown } from '../shown.ts'
import { addWarning } from './targets.ts'

export type ProbeSubject = 'content' | 'dataset'

/** An address that is due to be probed. */
export interface DueProbe {
  subject: string
  url: string
  status: string
  detail: ProbeDetail
  failures: number
  /** When the status last changed, as an instant. */
  changedAt: string
  /** Whether any visible record still names it. */
  named: boolean
  /** The account whose record names it. */
  account?: string | null
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
  /** Whether the probe failed; failures in a row are counted. */
  failed: boolean
  nextAt: Date
  /** A warning to add to the records that name it. */
  warning?: string
}

const isContent = sql`length(p.subject) IN (40, 64) AND p.subject NOT LIKE 'at:%'`
const isDataset = sql`p.subject LIKE 'at:%'`
/** The DID in the AT-URI of the probed dataset. */
const accountOfDataset = sql`substring(p.subject FROM '^at://(did:[^/]+)/')`

/** Whether the webseed is named by metainfo, by a visible torrent record of the content, or by a visible webseed record. */
const isNamedSeed = sql`EXISTS (
  SELECT FROM catalog.content c
  WHERE c.announced AND (c.info_hash_v2 = p.subject OR (c.info_hash_v1 = p.subject AND c.info_hash_v2 IS NULL))
    AND NOT c.private AND (${isNamed({ infoHash: sql`p.subject`, kind: 'webseed', url: sql`p.url` })}
      OR (p.detail ? 'metainfo' AND NOT EXISTS (SELECT FROM catalog.named_address n
        WHERE n.info_hash = p.subject AND n.kind = 'webseed' AND n.url = p.url AND n.metainfo_cid <> ''))
      OR EXISTS (SELECT FROM catalog.torrent t JOIN catalog.record r USING (id) WHERE t.content_id = c.id AND ${shown('r')}
        AND r.value -> 'webseeds' @> jsonb_build_array(jsonb_build_object('url', p.url)))
      OR EXISTS (SELECT FROM catalog.webseed w WHERE ${shown('w')} AND w.url = p.url AND w.info_hash_v1 = c.info_hash_v1)
      OR EXISTS (SELECT FROM catalog.webseed w WHERE ${shown('w')} AND w.url = p.url AND w.info_hash_v2 = c.info_hash_v2)))`

/** Reads due addresses, the longest waiting first, with a limit for each host. */
export async function readDueProbes(
  db: Db,
  wanted: { subject: ProbeSubject; limit: number; perHost: number },
): Promise<DueProbe[]> {
  const [isSubject, isNamed, account] =
    wanted.subject === 'content'
      ? [isContent, isNamedSeed, namerOf({ infoHash: sql`p.subject`, kind: 'webseed', url: sql`p.url` })]
      : [isDataset, isNamedSource, accountOfDataset]
  const found = await rows<DueProbe & Record<string, unknown>>(
    db,
    sql`
    WITH due AS (
      SELECT * FROM local.probe p WHERE next_at <= now() AND ${isSubject} ORDER BY next_at LIMIT 5000
    ), placed AS (
      SELECT *, row_number() OVER (PARTITION BY lower(substring(url FROM '^[^/]*//([^/?#]*)')) ORDER BY next_at) AS place
      FROM due)
    SELECT subject, url, status, detail, failures, changed_at AS "changedAt", ${isNamed} AS named, ${account} AS account
    FROM placed p WHERE place <= ${wanted.perHost} ORDER BY next_at LIMIT ${wanted.limit}`,
  )
  return found.map((row) => ({ ...row, changedAt: toInstant(row.changedAt) }))
}

/** Writes the results of probes, a line of history for each change of status, and the source status of datasets. */
export async function writeProbes(db: Db, results: readonly ProbeResult[], at: Date): Promise<void> {
  if (results.length === 0) return
  const input = recordset(
    results.map((result) => ({ ...result, nextAt: result.nextAt.toISOString() })),
    'subject text, url text, status text, detail jsonb, failed bool, "nextAt" timestamptz',
  )
  const now = sql`${at.toISOString()}::timestamptz`
  await writing(db, async (tx) => {
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
    const probedDatasetUris = results
      .map(({ subject }) => subject)
      .filter((subject) => subject.startsWith('at:'))
    await settle(tx, createTouched({ probedDatasetUris }))
  })
}

/** Adds a warning to the records that name an address. */
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
    WHERE (c.info_hash_v2 = ${subject} OR c.info_hash_v1 = ${subject}) AND r.value -> 'webseeds' @> ${named}
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

/** Postpones addresses that no visible record names, since a hidden record may be shown again. */
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

/** Deletes the addresses of subjects that no longer exist, with their history. */
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
