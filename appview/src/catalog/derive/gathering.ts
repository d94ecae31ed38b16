import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf, anyOf, type Db, rows } from '../../store/sql.ts'
import { addAll, type Touched } from './touched.ts'

/** The number by which this index orders parts of equal urgency; another index has another. */
export const shuffleSeed: SQL = sql`coalesce((SELECT (value #>> '{}')::bigint FROM local.setting WHERE name = 'shuffle-seed'), 0)`

/** A torrent of a part that nobody was ever seen to seed for this time counts as if it did not exist. */
const probation = sql`interval '7 days'`
/** No more claims on one part are looked at: anybody may write any number of them. */
const mostClaims = 1_000
/** A part that this many accounts gave up for the same reason is not offered any more. */
const failuresToGiveUp = 3

/** Derives to whom touched parts are offered, and parts whose claims, torrents or dataset changed. */
export async function refreshGathering(tx: Db, touched: Touched): Promise<void> {
  const of = (kind: string) => touched.flipped.filter((row) => row.kind === kind).map(({ id }) => id)
  const torrents = [...new Set([...touched.torrents, ...touched.verifiedTorrents])]
  const [claims, parts] = [of('claim'), of('part')]
  // Most transactions concern none of these, and each waits for every statement.
  if (torrents.length + claims.length + parts.length > 0) {
    const named = await rows<{ key: string }>(
      tx,
      sql`SELECT part_key AS key FROM catalog.torrent_part WHERE torrent_id = ${anyIdOf(torrents)}
          UNION SELECT part_key FROM catalog.claim WHERE id = ${anyIdOf(claims)}
          UNION SELECT key FROM catalog.part WHERE record_id = ${anyIdOf(parts)}`,
    )
    addAll(
      touched.parts,
      named.map(({ key }) => key),
    )
  }
  if (touched.writtenDatasetUris.size > 0) await copyDeadlines(tx, [...touched.writtenDatasetUris])
  await refreshParts(tx, [...touched.parts])
}

/** Gives parts without a deadline of their own that of their dataset. */
async function copyDeadlines(tx: Db, datasetUris: readonly string[]): Promise<void> {
  await tx.execute(sql`
    UPDATE catalog.part p SET deadline = d.gone_before FROM catalog.dataset d
    WHERE d.uri = ${anyOf(datasetUris)} AND p.dataset_uri = d.uri AND p.own_deadline IS NULL
      AND p.deadline IS DISTINCT FROM d.gone_before`)
}

/** Looks again at parts for which a claim, a lease or a probation has ended. Resolves with how many there were. */
export async function refreshDueParts(tx: Db, limit: number): Promise<number> {
  const due = await rows<{ key: string }>(
    tx,
    sql`SELECT key FROM catalog.part WHERE next_change_at <= now() ORDER BY next_change_at LIMIT ${limit}`,
  )
  await refreshParts(
    tx,
    due.map(({ key }) => key),
  )
  return due.length
}

/**
 * Whether an account was let in: under an open policy everyone is. It never waits for accounts that were not.
 */
export function admitted(did: SQL): SQL {
  return sql`((SELECT value #>> '{}' FROM local.setting WHERE name = 'admission') = 'open'
    OR EXISTS (SELECT FROM local.admission a WHERE a.subject = ${did} AND a.action = 'allow'))`
}

/** Whether the claims of an account count: it is active, and the operator has not denied it. */
export function mayClaim(did: SQL): SQL {
  return sql`(coalesce((SELECT active FROM catalog.account a WHERE a.did = ${did}), true)
    AND NOT EXISTS (SELECT FROM local.admission a WHERE a.subject = ${did} AND a.action = 'deny'))`
}

/** Derives the state of these parts, and to whom they are offered. */
export async function refreshParts(tx: Db, keys: readonly string[]): Promise<void> {
  if (keys.length === 0) return
  // Lock in one order, since a transaction that hands parts out, or another batch, may hold some of them.
  await tx.execute(sql`SELECT FROM catalog.part WHERE key = ${anyOf(keys)} ORDER BY id FOR UPDATE`)
  await deriveParts(tx, keys)
}

/**
 * The rule itself, for parts that the transaction has locked: state and offer follow from claims, leases and torrents. Each
 * account counts once for a part, whatever it holds.
 */
export async function deriveParts(tx: Db, keys: readonly string[]): Promise<void> {
  await tx.execute(sql`
    UPDATE catalog.part p SET state = s.state, attempts = s.attempts, next_change_at = s.next,
      open_to = CASE WHEN s.state IN ('closed', 'unnecessary', 'gathered', 'failed') OR s.admitted >= p.copies THEN 0
        WHEN s.anyone >= p.copies THEN 1 ELSE 2 END
    FROM (
      SELECT q.id, h.anyone, h.admitted, f.attempts, h.next,
        CASE WHEN q.wanted <> 'open' THEN q.wanted
          WHEN h.gathered >= q.copies THEN 'gathered'
          WHEN f.alike >= ${failuresToGiveUp} AND h.gathered = 0 THEN 'failed'
          WHEN h.anyone < q.copies THEN 'open'
          WHEN h.working > 0 THEN 'claimed'
          WHEN h.leased > 0 THEN 'leased'
          ELSE 'said' END AS state
      FROM catalog.part q
      CROSS JOIN LATERAL (
        SELECT count(DISTINCT did) AS anyone, count(DISTINCT did) FILTER (WHERE is_admitted) AS admitted,
          count(DISTINCT did) FILTER (WHERE held = 'torrent') AS gathered,
          count(*) FILTER (WHERE held = 'in-progress') AS working, count(*) FILTER (WHERE held = 'lease') AS leased,
          min(until) AS next
        FROM (
          SELECT c.did, ${admitted(sql`c.did`)} AS is_admitted, CASE c.status WHEN 'done' THEN 'done' ELSE 'in-progress' END AS held,
            c.counts_until AS until
          FROM (SELECT * FROM catalog.claim WHERE part_key = q.key AND counts_until > now()
            ORDER BY order_at LIMIT ${mostClaims}) c WHERE ${mayClaim(sql`c.did`)}
          UNION ALL
          SELECT l.did, ${admitted(sql`l.did`)}, 'lease', l.ends_at
          FROM local.lease l WHERE l.part_key = q.key AND l.ends_at > now() AND NOT l.claimed
          UNION ALL
          SELECT t.did, true, 'torrent', t.until FROM (
            SELECT t.did, CASE WHEN NOT EXISTS (SELECT FROM local.swarm_history h
                WHERE h.info_hash = coalesce(t.info_hash_v2, t.info_hash_v1) AND h.seeders > 0)
              THEN t.indexed_at + ${probation} END AS until
            FROM catalog.torrent_part tp JOIN catalog.torrent t ON t.id = tp.torrent_id
            WHERE tp.part_key = q.key AND t.visible AND t.metainfo_status = 'verified') t
          WHERE t.until IS NULL OR t.until > now()
        ) AS holders (did, is_admitted, held, until)
      ) h
      CROSS JOIN LATERAL (
        SELECT coalesce(sum(n), 0) AS attempts, coalesce(max(n), 0) AS alike FROM (
          SELECT count(DISTINCT c.did) AS n FROM (SELECT * FROM catalog.claim WHERE part_key = q.key AND status = 'failed'
            ORDER BY order_at LIMIT ${mostClaims}) c WHERE ${mayClaim(sql`c.did`)}
            AND (c.visible OR ${admitted(sql`c.did`)}) GROUP BY c.failure) AS by_code
      ) f
      WHERE q.key = ${anyOf(keys)}
    ) AS s WHERE s.id = p.id`)
}
