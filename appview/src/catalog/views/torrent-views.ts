/** Torrents as every face shows them, in two queries a page. */
import type { defs } from '@holdfast/lexicons'
import { formatMagnet } from '@holdfast/torrent/magnet'
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows, toInstant } from '../sql.ts'
import { type AuthorRow, authorJson, toAuthorView } from './author-views.ts'
import { type ProbeRow, probesJson } from './probe-views.ts'
import { selfLabels } from './record-labels.ts'
import { changedSince, type RefTarget, readRefTargets, refsIn } from './record-refs.ts'
import { toWarnings } from './record-warnings.ts'
import { type SwarmRow, swarmJson, toSwarm } from './swarm-views.ts'
import { toWebSeedViews, type WebSeedRow, webSeedsJson } from './web-seed-views.ts'

export interface TorrentViewOptions {
  detail: 'card' | 'page'
  /** Announce URLs that magnet links carry: the operator's own. */
  trackers: readonly string[]
}

/** The visible ones of these torrents, in the order asked for. */
export async function readTorrentViews(
  db: Db,
  uris: readonly string[],
  options: TorrentViewOptions,
): Promise<defs.TorrentView[]> {
  if (uris.length === 0) return []
  const found = await preparedRows<TorrentRow>(db, torrentQuery(uris, options))
  const targets = await readRefTargets(
    db,
    found.flatMap((row) => refsIn(row.value, refFields).map((ref) => ref.uri)),
  )
  const views = new Map(found.map((row) => [row.uri, toTorrentView(row, targets, options)]))
  return uris.flatMap((uri) => views.get(uri) ?? [])
}

const refFields = ['datasets', 'parts', 'supersedes', 'adoptedFrom']

interface TorrentRow extends Record<string, unknown> {
  uri: string
  did: string
  cid: string
  value: Record<string, unknown>
  indexedAt: string
  warnings: string[]
  author: AuthorRow
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
  webSeeds: WebSeedRow[] | null
  supersededBy: { uri: string; cid: string }[] | null
}

const itsInfoHash = sql`coalesce(t.info_hash_v2, t.info_hash_v1)`

function torrentQuery(uris: readonly string[], { detail }: TorrentViewOptions): SQL {
  const isPage = detail === 'page'
  return sql`
    SELECT t.uri, t.did, r.cid, r.value, r.indexed_at AS "indexedAt", r.warnings, ${authorJson(sql`t.did`)} AS author,
      t.info_hash_v1 AS "infoHashV1", t.info_hash_v2 AS "infoHashV2", t.metainfo_status AS "metainfoStatus",
      t.name AS "recordName", t.size_bytes AS "recordSizeBytes",
      CASE WHEN c.id IS NOT NULL THEN jsonb_build_object('name', c.name, 'sizeBytes', c.size_bytes,
        'pieceLengthBytes', c.piece_length_bytes, 'fileCount', c.file_count, 'private', c.private) END AS content,
      ${swarmJson(itsInfoHash, { history: isPage })} AS swarm, ${probesJson(itsInfoHash, { history: false })} AS probes,
      ${webSeedsJson} AS "webSeeds", ${isPage ? supersededByJson : sql`NULL::jsonb`} AS "supersededBy"
    FROM catalog.record r JOIN catalog.torrent t USING (id) LEFT JOIN catalog.content c ON c.id = t.content_id
    WHERE t.visible AND r.uri = ${anyOf(uris)}`
}

const supersededByJson = sql`(
  SELECT jsonb_agg(jsonb_build_object('uri', n.uri, 'cid', n.cid) ORDER BY n.uri)
  FROM (SELECT uri, cid FROM catalog.record WHERE kind = 'torrent' AND value ? 'supersedes' AND value -> 'supersedes' ->> 'uri' = t.uri
    AND visible LIMIT 100) AS n)`

function toTorrentView(
  row: TorrentRow,
  targets: ReadonlyMap<string, RefTarget>,
  { trackers, detail }: TorrentViewOptions,
): defs.TorrentView {
  const { content, infoHashV1, infoHashV2 } = row
  const name = content?.name ?? row.recordName
  const sizeBytes = content?.sizeBytes ?? row.recordSizeBytes
  const swarm = toSwarm(row.swarm, { byTracker: detail === 'page' })
  const changed = changedSince(refsIn(row.value, refFields), targets)
  const labels = selfLabels(row)
  return {
    uri: row.uri as defs.TorrentView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    record: row.value as defs.TorrentView['record'],
    indexedAt: toInstant(row.indexedAt) as defs.TorrentView['indexedAt'],
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
    datasets: toDatasets(row.value, targets),
    webSeeds: toWebSeedViews(row),
    ...(swarm && { swarm }),
    ...(labels.length > 0 && { labels }),
    ...(changed.length > 0 && { changedSince: changed }),
    ...(row.supersededBy && {
      supersededBy: row.supersededBy as NonNullable<defs.TorrentView['supersededBy']>,
    }),
    ...(row.warnings.length > 0 && { warnings: toWarnings(row.warnings) }),
  }
}

function toDatasets(
  record: Record<string, unknown>,
  targets: ReadonlyMap<string, RefTarget>,
): defs.TorrentDataset[] {
  return refsIn(record, ['datasets'])
    .slice(0, 200)
    .map(({ uri }) => {
      const target = targets.get(uri)
      return {
        uri: uri as defs.TorrentDataset['uri'],
        ...(target?.visible && { cid: target.cid, ...(target.title && { title: target.title }) }),
      }
    })
}
