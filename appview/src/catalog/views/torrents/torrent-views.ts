/** Views of torrents, for all interfaces. A page takes two queries. */
import type { defs } from '@holdfast/lexicons'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db } from '../../../store/sql.ts'
import { isInItsMetainfo } from '../../named-addresses.ts'
import { shown } from '../../shown.ts'
import { type ProbeRow, probesJson } from '../probe-views.ts'
import {
  type RecordRow,
  type Refs,
  readRecordViews,
  recordColumns,
  supersedes,
  toRecordFields,
} from '../records/record-views.ts'
import { type SwarmRow, swarmJson, toSwarm } from './swarm-views.ts'
import { toWebseedViews, type WebseedRow, webseedsJson } from './webseed-views.ts'

export interface TorrentViewOptions {
  detail: 'card' | 'page'
  /** The operator's announce URLs, for magnet links. */
  trackers: readonly string[]
}

/** Reads the visible ones of these torrents, in the order given. */
export async function readTorrentViews(
  db: Db,
  uris: readonly string[],
  options: TorrentViewOptions,
): Promise<defs.TorrentView[]> {
  return readRecordViews<TorrentRow, defs.TorrentView>(db, uris, {
    query: torrentQuery(uris, options),
    refFields,
    toView: (row, refs) => toTorrentView(row, refs, options),
  })
}

const refFields = ['datasets', 'parts', 'supersedes', 'adoptedFrom']

interface TorrentRow extends RecordRow {
  infoHashV1: string | null
  infoHashV2: string | null
  metainfoStatus: string
  recordName: string
  recordSizeBytes: number | null
  content: {
    name: string
    sizeBytes: number
    pieceLengthBytes: number
    fileCount: number
    private: boolean
  } | null
  swarm: SwarmRow
  probes: ProbeRow[] | null
  webseeds: WebseedRow[] | null
  supersededBy: { uri: string; cid: string }[] | null
  wanted: boolean
}

const itsInfoHash = sql`coalesce(t.info_hash_v2, t.info_hash_v1)`

function torrentQuery(uris: readonly string[], { detail }: TorrentViewOptions): SQL {
  const isPage = detail === 'page'
  return sql`
    SELECT ${recordColumns},
      t.info_hash_v1 AS "infoHashV1", t.info_hash_v2 AS "infoHashV2", t.metainfo_status AS "metainfoStatus",
      t.wanted, t.name AS "recordName", t.size_bytes AS "recordSizeBytes",
      CASE WHEN c.id IS NOT NULL THEN jsonb_build_object('name', c.name, 'sizeBytes', c.size_bytes,
        'pieceLengthBytes', c.piece_length_bytes, 'fileCount', c.file_count, 'private', c.private) END AS content,
      ${swarmJson(itsInfoHash, { history: isPage })} AS swarm, ${probesJson(itsInfoHash, { history: false, isInMetainfo: isInItsMetainfo() })} AS probes,
      ${webseedsJson} AS "webseeds", ${isPage ? supersededByJson : sql`NULL::jsonb`} AS "supersededBy"
    FROM catalog.record r JOIN catalog.torrent t USING (id) LEFT JOIN catalog.content c ON c.id = t.content_id
    WHERE ${shown('t')} AND r.uri = ${anyOf(uris)}`
}

const supersededByJson = sql`(
  SELECT jsonb_agg(jsonb_build_object('uri', n.uri, 'cid', n.cid) ORDER BY n.uri)
  FROM (SELECT uri, cid FROM catalog.record WHERE kind = 'torrent' AND ${supersedes(sql`t.uri`)}
    AND ${shown()} LIMIT 100) AS n)`

function toTorrentView(
  row: TorrentRow,
  refs: Refs,
  { trackers, detail }: TorrentViewOptions,
): defs.TorrentView {
  const { content, infoHashV1, infoHashV2 } = row
  const name = content?.name ?? row.recordName
  const sizeBytes = content?.sizeBytes ?? row.recordSizeBytes
  const swarm = toSwarm(row.swarm, { byTracker: detail === 'page', wanted: row.wanted })
  return {
    ...toRecordFields(row, refs),
    record: row.value as defs.TorrentView['record'],
    status: row.metainfoStatus === 'pending' ? 'pending' : 'indexed',
    metainfoStatus: row.metainfoStatus,
    ...(infoHashV1 && { infoHashV1 }),
    ...(infoHashV2 && { infoHashV2 }),
    name: name.slice(0, 10_000),
    ...(sizeBytes !== null && { sizeBytes }),
    ...(content && {
      pieceLengthBytes: content.pieceLengthBytes,
      fileCount: content.fileCount,
      private: content.private,
    }),
    magnet: formatMagnet({
      infoHashV1,
      infoHashV2,
      name: name.slice(0, 500),
      trackers: content?.private ? [] : trackers,
    }),
    datasets: toDatasets(refs, { titleLength: detail === 'page' ? 2_000 : 300 }),
    webseeds: toWebseedViews(row),
    ...(swarm && { swarm }),
    ...(row.supersededBy && {
      supersededBy: row.supersededBy as NonNullable<defs.TorrentView['supersededBy']>,
    }),
  }
}

function toDatasets(
  { refs, targets }: Refs,
  { titleLength }: { titleLength: number },
): defs.TorrentDataset[] {
  return refs
    .filter(({ field }) => field.startsWith('datasets'))
    .slice(0, 200)
    .map(({ uri }) => {
      const target = targets.get(uri)
      return {
        uri: uri as defs.TorrentDataset['uri'],
        ...(target?.visible && {
          cid: target.cid,
          ...(target.title && { title: target.title.slice(0, titleLength) }),
        }),
      }
    })
}
