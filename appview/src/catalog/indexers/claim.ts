import { claimCountsUntil, claimOrderMs, partKey } from '@holdfast/lexicons/gathering'
import { tidTimeMs } from '@holdfast/lexicons/tid'
import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows } from '../../store/sql.ts'
import { addAll } from '../derive/touched.ts'
import type { IndexedRecord, Indexer } from './indexer.ts'

interface Claim {
  part: { uri: string; item?: string }
  status?: string
  expiresAt: string
  failure?: { code: string }
}

/** Indexes claims. A lease of the same account on the same part ends when its claim arrives. */
export const claimIndexer: Indexer = {
  async write(tx, records, touched) {
    const times = await readTimes(tx, records)
    const input = records.flatMap((record) => {
      const seen = times.get(record.id)
      return seen ? [toRow(record, seen)] : []
    })
    await tx.execute(sql`
      INSERT INTO catalog.claim (id, uri, did, part_key, status, failure, order_at, counts_until, visible, created_at)
      SELECT r.id, r.uri, r.did, "partKey", status, failure, "orderAt", "countsUntil", r.visible, r.created_at
      FROM ${recordset(
        input,
        'id bigint, "partKey" text, status text, failure text, "orderAt" timestamptz, "countsUntil" timestamptz',
      )} JOIN catalog.record r USING (id)`)
    await tx.execute(sql`
      UPDATE local.lease l SET claimed = true, ends_at = coalesce(c.counts_until, now())
      FROM catalog.claim c WHERE c.id = ${anyIdOf(records.map(({ id }) => id))} AND l.part_key = c.part_key AND l.did = c.did`)
    addAll(
      touched.parts,
      input.map((row) => row.partKey),
    )
  },

  async remove(tx, ids, touched) {
    const gone = await rows<{ key: string }>(
      tx,
      sql`DELETE FROM catalog.claim WHERE id = ${anyIdOf(ids)} RETURNING part_key AS key`,
    )
    addAll(
      touched.parts,
      gone.map(({ key }) => key),
    )
  },
}

interface SeenTimes {
  /** When the commit that first brought it was made, if that was seen; in milliseconds since 1970. */
  liveMs: number | null
  /** When its present version was written. */
  writtenMs: number
}

async function readTimes(tx: Db, records: readonly IndexedRecord[]): Promise<Map<number, SeenTimes>> {
  const found = await rows<{ id: number; liveMs: number | null; writtenMs: number }>(
    tx,
    sql`SELECT r.id, extract(epoch FROM f.live_at)::float8 * 1000 AS "liveMs",
          extract(epoch FROM coalesce(f.changed_at, f.at))::float8 * 1000 AS "writtenMs"
        FROM catalog.record r JOIN local.first_seen f USING (uri) WHERE r.id = ${anyIdOf(records.map(({ id }) => id))}`,
  )
  return new Map(found.map(({ id, ...times }) => [id, times]))
}

function toRow({ id, uri, value }: IndexedRecord, { liveMs, writtenMs }: SeenTimes) {
  const claim = value as unknown as Claim
  const status = claim.status ?? 'in-progress'
  const keyMs = tidTimeMs(uri.slice(uri.lastIndexOf('/') + 1)) ?? writtenMs
  const orderMs = claimOrderMs({ keyMs, seenLiveMs: liveMs ?? undefined })
  const until = claimCountsUntil({
    status,
    keyMs: orderMs,
    expiresMs: Date.parse(claim.expiresAt),
    writtenMs,
  })
  return {
    id,
    partKey: partKey(claim.part),
    status,
    failure: status === 'failed' ? (claim.failure?.code ?? 'other') : null,
    orderAt: instantOf(orderMs),
    countsUntil: until === undefined || Number.isNaN(until) ? null : instantOf(until),
  }
}

/** The first and last instants that PostgreSQL and JavaScript both know are far beyond these. */
function instantOf(ms: number): string {
  return new Date(Math.min(Math.max(ms, 0), 8e14)).toISOString()
}
