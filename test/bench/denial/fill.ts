import { datasetTerms } from '@holdfast/appview/search-terms/dataset-terms'
import { torrentCodes } from '@holdfast/appview/search-terms/torrent-terms'
import { type Db, rows } from '@holdfast/appview/store/sql'
import { collections } from '@holdfast/lexicons/nsid'
import { type SQL, sql } from 'drizzle-orm'

/** The CID of every record; nothing checks it. */
const cid = 'bafyreigdmqpykrgxyaxtlafqpqhzrb7qy2rh75nldvfd4tucqmqqme5yje'

export interface Fill {
  db: Db
  /** The account of all these records, or the first part of the DIDs if there are many. */
  did: string
  accounts: number
  datasets: number
  /** The number of datasets that have a torrent, verified and announced. */
  torrents: number
  /** A word that occurs in every title. */
  word: string
}

/** Writes what the indexer would have written, in SQL on the server: records that differ only in their keys. */
export async function fill({ db, did, accounts, datasets, torrents, word }: Fill): Promise<void> {
  const [last] = await rows<{ id: number }>(
    db,
    sql`SELECT coalesce(max(id), 0)::bigint AS id FROM catalog.record`,
  )
  const after = last!.id
  const author = accounts === 1 ? sql`${did}::text` : sql`${did}::text || (n % ${accounts}::int)`
  const uri = (collection: string) => sql`'at://' || ${author} || ${`/${collection}/${word}`}::text || n`
  await db.execute(sql`
    INSERT INTO catalog.account (did) SELECT DISTINCT ${author} FROM generate_series(0, ${accounts - 1}::int) AS n
    ON CONFLICT DO NOTHING`)
  await db.execute(sql`
    INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
    SELECT ${uri(collections.dataset)}, ${author}, 'dataset', ${cid}::text, '3m1',
      jsonb_build_object('$type', ${collections.dataset}::text, 'title', ${word}::text || ' readings ' || n,
        'description', repeat('measured every hour ', 20), 'createdAt', '2026-01-02T03:04:05Z'),
      true, now() - n * interval '1 second', now() - n * interval '1 second'
    FROM generate_series(1, ${datasets}::int) AS n`)
  await db.execute(sql`
    INSERT INTO catalog.record (uri, did, kind, cid, rev, value, visible, created_at, indexed_at)
    SELECT ${uri(collections.torrent)}, ${author}, 'torrent', ${cid}::text, '3m1',
      jsonb_build_object('$type', ${collections.torrent}::text, 'name', ${word}::text || '-' || n,
        'createdAt', '2026-01-02T03:04:05Z'),
      true, now() - n * interval '1 second', now() - n * interval '1 second'
    FROM generate_series(1, ${torrents}::int) AS n`)
  await projectDatasets(db, word, after)
  await projectTorrents(db, word, after)
}

async function projectDatasets(db: Db, word: string, after: number): Promise<void> {
  const said = { risk: 'endangered', scarcity: 'unknown', keywords: ['climate'], formats: ['text/csv'] }
  const terms = await datasetTerms(
    { title: `${word} readings`, keywords: [{ name: 'climate' }], formats: [{ mediaType: 'text/csv' }] },
    { uri: `at://did:plc:any/dataset/${word}`, did: 'did:plc:any', publisher: null, license: null, ...said },
  )
  await db.execute(sql`
    INSERT INTO catalog.dataset (id, uri, did, group_id, title, risk, keywords, formats, created_at, indexed_at,
      visible, torrent_count, risks, scarcities, codes)
    SELECT id, uri, did, id, value ->> 'title', 'endangered', ARRAY['climate'], ARRAY['text/csv'], created_at,
      indexed_at, visible, 0, ARRAY['endangered'], ARRAY['unknown'], ${`{${terms.codes.join(',')}}`}::bigint[]
    FROM catalog.record WHERE kind = 'dataset' AND id > ${after}`)
  await db.execute(sql`
    INSERT INTO catalog.dataset_change (dataset_id, changed_at)
    SELECT id, indexed_at FROM catalog.dataset WHERE id > ${after}
    ON CONFLICT (dataset_id) DO UPDATE SET changed_at = excluded.changed_at`)
}

async function projectTorrents(db: Db, word: string, after: number): Promise<void> {
  const codes = torrentCodes({
    uri: `at://did:plc:any/torrent/${word}`,
    did: 'did:plc:any',
    name: word,
    paths: [],
  })
  await db.execute(sql`
    INSERT INTO catalog.content (info_hash_v1, name, size_bytes, piece_length_bytes, file_count, files_indexed,
      private, announced)
    SELECT left(md5(uri) || md5(uri), 40), value ->> 'name', 1000000, 16384, 1, 1, false, true
    FROM catalog.record WHERE kind = 'torrent' AND id > ${after}`)
  await db.execute(sql`
    INSERT INTO catalog.torrent (id, uri, did, info_hash_v1, name, size_bytes, content_id, metainfo_status,
      created_at, indexed_at, visible, formats, names_web_seeds, codes)
    SELECT r.id, uri, did, c.info_hash_v1, value ->> 'name', 1000000, c.id, 'verified', created_at, indexed_at,
      visible, '{}', false, ${`{${codes.join(',')}}`}::bigint[]
    FROM catalog.record r JOIN catalog.content c ON c.info_hash_v1 = left(md5(uri) || md5(uri), 40)
    WHERE kind = 'torrent' AND r.id > ${after}`)
  await db.execute(sql`
    INSERT INTO catalog.torrent_dataset (torrent_id, dataset_uri)
    SELECT id, replace(uri, ${`/${collections.torrent}/`}::text, ${`/${collections.dataset}/`}::text)
    FROM catalog.torrent WHERE id > ${after}`)
  await db.execute(sql`
    UPDATE catalog.dataset AS d SET torrent_count = 1 FROM catalog.torrent_dataset td
    WHERE td.dataset_uri = d.uri AND d.id > ${after}`)
}

/** Announces all records, or those that `where` selects, to the live stream, as if they had just arrived in order of id. */
export async function tellAll(db: Db, where: SQL = sql`true`): Promise<number> {
  await db.execute(sql`
    INSERT INTO local.record_change (seq, action, kind, uri, cid)
    SELECT row_number() OVER (ORDER BY id), 'upsert', kind, uri, cid FROM catalog.record WHERE ${where}`)
  const [told] = await rows<{ seq: number }>(
    db,
    sql`INSERT INTO local.stream (name, epoch, seq) SELECT 'records', 'bench', max(seq) FROM local.record_change
        ON CONFLICT (name) DO UPDATE SET seq = excluded.seq RETURNING seq`,
  )
  return told!.seq
}

/** Announces the first `count` changes of the live stream again, in one transaction. */
export async function tellAgain(db: Db, count: number): Promise<void> {
  await db.execute(sql`
    WITH moved AS (UPDATE local.stream SET seq = seq + ${count} WHERE name = 'records' RETURNING seq - ${count} AS seq),
    told AS (INSERT INTO local.record_change (seq, action, kind, uri, cid)
      SELECT moved.seq + row_number() OVER (ORDER BY c.seq), action, kind, uri, cid
      FROM moved, local.record_change c WHERE c.seq <= ${count})
    SELECT pg_notify('holdfast_record', '')`)
}
