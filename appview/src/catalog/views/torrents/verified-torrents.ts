import { formatMagnet } from '@holdfast/torrent/magnet'
import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'

/** A verified content of a dataset, with the newest record that says so. */
export interface VerifiedTorrent {
  /** The AT-URI of the record. */
  uri: string
  infoHashV1?: string
  infoHashV2?: string
  name: string
  sizeBytes: number
  fileCount: number
  magnet: string
  /** How the files were gathered, in words; a long text is cut off. */
  method?: string
}

const mostTorrents = 50
const longestMethod = 2_000

/** Reads the contents of each of these datasets, newest first; `trackers` are the announce URLs in magnet links. */
export async function readVerifiedTorrents(
  db: Db,
  datasetUris: readonly string[],
  { trackers }: { trackers: readonly string[] },
): Promise<Map<string, VerifiedTorrent[]>> {
  if (datasetUris.length === 0) return new Map()
  const found = await rows<TorrentRow>(
    db,
    sql`SELECT asked.uri AS dataset, t.uri, c.info_hash_v1 AS v1, c.info_hash_v2 AS v2, c.name, c.size_bytes AS size, c.file_count AS files,
          c.private, left(r.value ->> 'method', ${longestMethod}) AS method
        FROM (SELECT DISTINCT uri FROM catalog.dataset WHERE uri = ${anyOf(datasetUris)}) AS asked
        CROSS JOIN LATERAL (
          SELECT t.id, t.uri, t.content_id, t.created_at FROM catalog.torrent_dataset td
          JOIN catalog.torrent t ON t.id = td.torrent_id AND ${shown('t')} AND t.metainfo_status = 'verified'
          WHERE td.dataset_uri = asked.uri ORDER BY t.created_at DESC, t.id DESC LIMIT ${mostTorrents}) AS t
        JOIN catalog.content c ON c.id = t.content_id JOIN catalog.record r ON r.id = t.id
        ORDER BY t.created_at DESC, t.id DESC`,
  )
  const byDataset = new Map<string, Map<string, VerifiedTorrent>>()
  for (const row of found) {
    const contents = byDataset.get(row.dataset) ?? new Map<string, VerifiedTorrent>()
    const infoHash = row.v2 ?? row.v1 ?? ''
    if (!contents.has(infoHash)) contents.set(infoHash, toTorrent(row, trackers))
    byDataset.set(row.dataset, contents)
  }
  return new Map([...byDataset].map(([dataset, contents]) => [dataset, [...contents.values()]]))
}

interface TorrentRow extends Record<string, unknown> {
  dataset: string
  uri: string
  v1: string | null
  v2: string | null
  name: string
  size: number
  files: number
  private: boolean
  method: string | null
}

function toTorrent(row: TorrentRow, trackers: readonly string[]): VerifiedTorrent {
  const name = row.name.slice(0, 500)
  return {
    uri: row.uri,
    ...(row.v1 && { infoHashV1: row.v1 }),
    ...(row.v2 && { infoHashV2: row.v2 }),
    name,
    sizeBytes: Number(row.size),
    fileCount: row.files,
    magnet: formatMagnet({
      infoHashV1: row.v1,
      infoHashV2: row.v2,
      name,
      trackers: row.private ? [] : trackers,
    }),
    ...(row.method && { method: row.method }),
  }
}
