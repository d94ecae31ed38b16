/** Views of datasets, for all interfaces: the record verbatim, and what this index knows about it. A page takes two queries. */
import type { defs } from '@holdfast/lexicons'
import { mappedRecord } from '@holdfast/lexicons/foreign'
import { type SQL, sql } from 'drizzle-orm'
import { anyOf, type Db } from '../../../store/sql.ts'
import { swarmsOf } from '../../named-addresses.ts'
import { shown } from '../../shown.ts'
import { type ProbeRow, probesJson, toSourceStatus } from '../probe-views.ts'
import { authorJson } from '../records/author-views.ts'
import {
  type RecordRow,
  type Refs,
  readRecordViews,
  recordColumns,
  supersedes,
  toRecordFields,
} from '../records/record-views.ts'
import { type SwarmRow, toSwarm } from '../torrents/swarm-views.ts'
import { isUsable, webseedDropped } from '../torrents/usable-address.ts'
import { namedWebseeds } from '../torrents/webseed-views.ts'
import { type AssessmentRow, assessmentsJson, toAssessmentViews } from './assessment-views.ts'
import { type DescriberRow, describersJson, toDescriberView, toGroupView } from './group-views.ts'
import { mostNamingTorrents, namingTorrents } from './naming-torrents.ts'

export interface DatasetViewOptions {
  /** `page`: everything; `card`: what a list shows. */
  detail: 'card' | 'page'
}

/** Reads the visible ones of these datasets, in the order given. */
export async function readDatasetViews(
  db: Db,
  uris: readonly string[],
  options: DatasetViewOptions,
): Promise<defs.DatasetView[]> {
  return readRecordViews<DatasetRow, defs.DatasetView>(db, uris, {
    query: datasetQuery(uris, options),
    refFields,
    toView: toDatasetView,
  })
}

const refFields = ['versionOf', 'supersedes', 'derivedFrom', 'adoptedFrom']

interface DatasetRow extends RecordRow {
  counts: Omit<defs.DatasetCounts, 'webseeds'> & { webseeds: { url: string; warnings: string[] }[] }
  swarm: SwarmRow | null
  describers: DescriberRow[] | null
  assessments: AssessmentRow[] | null
  probes: ProbeRow[] | null
  supersededBy: Omit<DescriberRow, 'total'>[] | null
}

function datasetQuery(uris: readonly string[], { detail }: DatasetViewOptions): SQL {
  const isPage = detail === 'page'
  return sql`
    SELECT ${recordColumns}, ${countsJson} AS counts, ${allSwarmsJson} AS swarm, ${describersJson(isPage ? { limit: 100, titleLength: 10_000 } : { limit: 10, titleLength: 300 })} AS describers,
      ${assessmentsJson(isPage ? { limit: 200, maxBytes: 500_000 } : { limit: 20, maxBytes: 10_000 })} AS assessments, ${probesJson(sql`d.uri`, { history: isPage })} AS probes,
      ${isPage ? supersededByJson : sql`NULL::jsonb`} AS "supersededBy"
    FROM catalog.record r JOIN catalog.dataset d USING (id)
    WHERE ${shown('d')} AND r.uri = ${anyOf(uris)}`
}

const countsJson = sql`(
  WITH its AS MATERIALIZED ${namingTorrents}
  SELECT jsonb_build_object(
    'torrents', CASE WHEN count(*) < ${mostNamingTorrents}::int THEN count(*) ELSE greatest(count(*), d.torrent_count) END,
    'verifiedTorrents', count(*) FILTER (WHERE t.metainfo_status = 'verified'),
    'webseeds', (
      SELECT coalesce(jsonb_agg(DISTINCT jsonb_build_object('url', seeds.url, 'warnings', seeds.warnings)), '[]')
      FROM ${namedWebseeds(sql`its AS t`)} AS seeds),
    'files', coalesce((SELECT sum(file_count) FROM catalog.content WHERE id = ANY (array_agg(t.content_id) FILTER (WHERE t.wanted))), 0),
    'sizeBytes', coalesce((SELECT sum(size_bytes) FROM catalog.content WHERE id = ANY (array_agg(t.content_id) FILTER (WHERE t.wanted))), 0)
  ) FROM its AS t)`

const allSwarmsJson = sql`(
  SELECT jsonb_build_object(
    'trackers', jsonb_agg(jsonb_build_object('url', s.tracker, 'seeders', s.seeders, 'leechers', s.leechers,
      'completed', s.completed, 'checkedAt', s.scraped_at, 'error', NULL, 'own', s.own, 'speaks', true)),
    'believed', d.seeders,
    'lastSeederAt', max((SELECT max(h.at) FROM local.swarm_history h WHERE h.info_hash = s.info_hash AND h.seeders > 0)))
  FROM (SELECT DISTINCT coalesce(t.info_hash_v2, t.info_hash_v1) AS hash FROM ${namingTorrents} AS t WHERE t.wanted) AS content
  CROSS JOIN LATERAL ${swarmsOf(sql`content.hash`)} AS s
  WHERE s.speaks)`

const supersededByJson = sql`(
  SELECT jsonb_agg(jsonb_build_object('uri', o.uri, 'cid', n.cid, 'title', o.title, 'createdAt', o.created_at,
    'key', '', 'author', ${authorJson(sql`n.did`)}) ORDER BY o.created_at)
  FROM (SELECT * FROM catalog.record WHERE kind = 'dataset' AND ${supersedes(sql`d.uri`)}
    AND ${shown()} LIMIT 100) AS n JOIN catalog.dataset o USING (id))`

function toDatasetView(row: DatasetRow, refs: Refs): defs.DatasetView {
  const group = toGroupView(row.describers)
  const swarm = toSwarm(row.swarm, { byTracker: false })
  const mapped = mappedRecord(row.value)
  const { sources = [] } = (mapped ?? row.value) as { sources?: readonly { url: string }[] }
  return {
    ...toRecordFields(row, refs),
    record: row.value as defs.DatasetView['record'],
    ...(mapped && { mapped: mapped as defs.DatasetView['mapped'] }),
    status: 'indexed',
    counts: {
      ...row.counts,
      webseeds: countUsable(row.counts.webseeds),
      assessments: row.assessments?.[0]?.total ?? 0,
    },
    ...(group && { group }),
    ...(swarm && { swarm }),
    ...(sources.length > 0 && { sourceStatus: toSourceStatus(sources, row.probes) }),
    assessments: toAssessmentViews(row.assessments ?? []),
    ...(row.supersededBy && { supersededBy: row.supersededBy.map(toDescriberView) }),
  }
}

function countUsable(seeds: DatasetRow['counts']['webseeds']): number {
  const usable = seeds.filter(({ url, warnings }) => isUsable(url, { warnings, dropped: webseedDropped }))
  return new Set(usable.map(({ url }) => url)).size
}
