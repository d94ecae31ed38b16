import { partKey } from '@holdfast/lexicons/gathering'
import { sql } from 'drizzle-orm'
import { codesText } from '../../search-terms/term-writes.ts'
import { torrentCodes } from '../../search-terms/torrent-terms.ts'
import { channels } from '../../store/channels.ts'
import { anyIdOf, type Db, recordset, rows } from '../../store/sql.ts'
import { addAll } from '../derive/touched.ts'
import { forgetNamings } from '../named-addresses.ts'
import type { IndexedRecord, Indexer } from './indexer.ts'

/** Indexes torrent records. They start as `pending`; `swarm/` then fetches and verifies their metainfo. */
export const torrentIndexer: Indexer = {
  async write(tx, records, touched) {
    await tx.execute(sql`
      INSERT INTO catalog.torrent
        (id, uri, did, info_hash_v1, info_hash_v2, name, size_bytes, metainfo_status, metainfo_cid, next_try_at,
         pending_since, created_at, indexed_at, visible, formats, names_web_seeds, supersedes, codes)
      SELECT r.id, r.uri, r.did, v1, v2, name, size, status, "metainfoCid",
        CASE WHEN status = 'pending' THEN now() END, CASE WHEN status = 'pending' THEN now() END,
        r.created_at, r.indexed_at, r.visible, ARRAY(SELECT jsonb_array_elements_text(formats)), "namesWebseeds", supersedes, codes::bigint[]
      FROM ${recordset(
        records.map(toRow),
        `id bigint, v1 text, v2 text, name text, size bigint, status text, "metainfoCid" text, formats jsonb,
         "namesWebseeds" bool, supersedes text, codes text`,
      )} JOIN catalog.record r USING (id)`)
    await writeDatasetRefs(tx, records)
    await writePartRefs(tx, records)
    await tx.execute(sql`SELECT pg_notify(${channels.pendingMetainfo}, '')`)
    const verified = await verifyFromStore(
      tx,
      records.map((record) => record.id),
    )
    addAll(touched.verifiedTorrents, verified)
  },

  async remove(tx, ids, touched) {
    const refs = await rows<{ uri: string }>(
      tx,
      sql`DELETE FROM catalog.torrent_dataset WHERE torrent_id = ${anyIdOf(ids)} RETURNING dataset_uri AS uri`,
    )
    const parts = await rows<{ key: string }>(
      tx,
      sql`DELETE FROM catalog.torrent_part WHERE torrent_id = ${anyIdOf(ids)} RETURNING part_key AS key`,
    )
    addAll(
      touched.parts,
      parts.map((row) => row.key),
    )
    await forgetNamings(tx, ids)
    const gone = await rows<{ id: number | null; supersedes: string | null }>(
      tx,
      sql`DELETE FROM catalog.torrent WHERE id = ${anyIdOf(ids)} RETURNING content_id AS id, supersedes`,
    )
    addAll(
      touched.datasetUris,
      refs.map((row) => row.uri),
    )
    addAll(
      touched.contents,
      gone.flatMap((row) => row.id ?? []),
    )
    addAll(
      touched.supersededUris,
      gone.flatMap((row) => row.supersedes ?? []),
    )
  },
}

function toRow({ id, uri, did, value }: IndexedRecord) {
  const record = value as {
    infoHashV1?: string
    infoHashV2?: string
    name: string
    sizeBytes?: number
    metainfo?: { ref?: { $link?: string } }
    metainfoParts?: unknown[]
    metainfoUrls?: unknown[]
    formats?: { mediaType?: string }[]
    webseeds?: unknown[]
    supersedes?: { uri?: string }
  }
  const hasMetainfo = record.metainfo || record.metainfoParts?.length || record.metainfoUrls?.length
  return {
    id,
    v1: record.infoHashV1?.toLowerCase() ?? null,
    v2: record.infoHashV2?.toLowerCase() ?? null,
    name: record.name,
    size: record.sizeBytes ?? null,
    status: hasMetainfo ? 'pending' : 'absent',
    metainfoCid: record.metainfo?.ref?.$link ?? null,
    formats: [...new Set((record.formats ?? []).flatMap((format) => format.mediaType?.toLowerCase() ?? []))],
    // Only the author of a torrent can say that it is replaced.
    supersedes: record.supersedes?.uri?.startsWith(`at://${did}/`) ? record.supersedes.uri : null,
    namesWebseeds: (record.webseeds?.length ?? 0) > 0,
    codes: codesText(torrentCodes({ uri, did, name: record.name, paths: [] })),
  }
}

async function writeDatasetRefs(tx: Db, records: readonly IndexedRecord[]): Promise<void> {
  const refs = records.flatMap(({ id, value }) =>
    ((value.datasets as { uri: string; cid?: string }[] | undefined) ?? []).map(({ uri, cid }) => ({
      id,
      uri,
      cid,
    })),
  )
  if (refs.length === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.torrent_dataset (torrent_id, dataset_uri, dataset_cid)
    SELECT id, uri, cid FROM ${recordset(refs, 'id bigint, uri text, cid text')} ON CONFLICT DO NOTHING`)
}

/** A torrent counts for at most this many parts. */
const maxParts = 10_000

async function writePartRefs(tx: Db, records: readonly IndexedRecord[]): Promise<void> {
  const refs = records.flatMap(({ id, value }) =>
    ((value.parts as { uri: string; item?: string }[] | undefined) ?? [])
      .slice(0, maxParts)
      .map((part) => ({ id, key: partKey(part) })),
  )
  if (refs.length === 0) return
  await tx.execute(sql`
    INSERT INTO catalog.torrent_part (torrent_id, part_key)
    SELECT id, key FROM ${recordset(refs, 'id bigint, key text')} ON CONFLICT DO NOTHING`)
}

/** Verifies torrents whose blob was verified before, as that of an edited record or of another author's record. */
async function verifyFromStore(tx: Db, ids: readonly number[]): Promise<number[]> {
  const verified = await rows<{ id: number }>(
    tx,
    sql`
    UPDATE catalog.torrent AS t SET metainfo_status = 'verified', content_id = c.id, next_try_at = NULL,
      pending_since = NULL, info_hash_v1 = c.info_hash_v1, info_hash_v2 = c.info_hash_v2
    FROM catalog.metainfo m JOIN catalog.content c ON c.id = m.content_id
    WHERE t.id = ${anyIdOf(ids)} AND m.cid = t.metainfo_cid
      AND (t.info_hash_v1 IS NULL OR t.info_hash_v1 = c.info_hash_v1)
      AND (t.info_hash_v2 IS NULL OR t.info_hash_v2 = c.info_hash_v2)
    RETURNING t.id`,
  )
  return verified.map((row) => row.id)
}
