import { defaultCopies, partKey } from '@holdfast/lexicons/gathering'
import { sql } from 'drizzle-orm'
import { anyIdOf, recordset, rows } from '../../store/sql.ts'
import { shuffleSeed } from '../derive/gathering.ts'
import { addAll } from '../derive/touched.ts'
import { goneBefore } from './gone-before.ts'
import type { IndexedRecord, Indexer } from './indexer.ts'

interface Part {
  dataset: { uri: string }
  urls?: { url: string; sizeBytes?: number }[]
  prefixes?: { url: string }[]
  sizeBytes?: number
  tool?: string
  copies?: number
  deadline?: string
  priority?: number
  pace?: { host: string; requestsPerMinute?: number }
  status?: string
}

/** Indexes parts of datasets. To whom a part is offered is derived from claims and torrents (`derive/gathering.ts`). */
export const partIndexer: Indexer = {
  async write(tx, records, touched) {
    const input = records.map(toRow)
    await tx.execute(sql`
      INSERT INTO catalog.part (record_id, key, did, dataset_uri, own, size_bytes, host, tool, copies, deadline, own_deadline,
        priority, requests_per_minute, wanted, shuffle, visible, created_at)
      SELECT r.id, input.key, r.did, "datasetUri", own, size, host, tool, copies, coalesce(input.deadline, d.gone_before), input.deadline,
        priority, pace, wanted, hashtextextended(input.key, ${shuffleSeed}), r.visible, r.created_at
      FROM ${recordset(
        input,
        `id bigint, key text, "datasetUri" text, own bool, size bigint, host text, tool text, copies smallint, deadline date,
         priority smallint, pace int, wanted text`,
      )} JOIN catalog.record r USING (id) LEFT JOIN catalog.dataset d ON d.uri = "datasetUri"`)
    addAll(
      touched.parts,
      input.map(({ key }) => key),
    )
  },

  async remove(tx, ids, touched) {
    const gone = await rows<{ key: string }>(
      tx,
      sql`DELETE FROM catalog.part WHERE record_id = ${anyIdOf(ids)} RETURNING key`,
    )
    addAll(
      touched.parts,
      gone.map(({ key }) => key),
    )
  },
}

function toRow({ id, uri, did, value }: IndexedRecord) {
  const part = value as unknown as Part
  const listed = (part.urls ?? []).reduce((sum, { sizeBytes }) => sum + (sizeBytes ?? 0), 0)
  return {
    id,
    key: partKey({ uri }),
    datasetUri: part.dataset.uri,
    own: part.dataset.uri.startsWith(`at://${did}/`),
    size: part.sizeBytes ?? (listed > 0 ? Math.min(listed, Number.MAX_SAFE_INTEGER) : null),
    host: part.pace?.host.toLowerCase() ?? hostOf(part.urls?.[0]?.url ?? part.prefixes?.[0]?.url),
    tool: part.tool ?? 'http',
    copies: part.copies ?? defaultCopies,
    deadline: goneBefore(part.deadline),
    priority: part.priority ?? 50,
    pace:
      part.pace?.requestsPerMinute === undefined ? null : Math.min(part.pace.requestsPerMinute, 1_000_000),
    wanted: part.status === 'closed' || part.status === 'unnecessary' ? part.status : 'open',
  }
}

function hostOf(url: string | undefined): string | null {
  return url === undefined ? null : URL.parse(url)?.hostname.toLowerCase() || null
}
