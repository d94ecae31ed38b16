/**
 * The `.torrent` as this index serves it. Its `info` is the author's, byte for byte; around it are the trackers of the
 * record and of the operator, and only webseeds whose bytes were checked. It never contains trackers of anybody else, since
 * a tracker learns who downloads. A private torrent (BEP 27) is served unchanged.
 */
import { hash } from 'node:crypto'
import type { Tracker } from '@holdfast/torrent/metainfo'
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../../store/sql.ts'
import { isInItsMetainfo } from '../../named-addresses.ts'
import { shown } from '../../shown.ts'
import { type ProbeRow, probesJson } from '../probe-views.ts'
import type { ContentHandle } from './contents.ts'
import type { ReissuePlan } from './metainfo-reissue.ts'
import { metainfoStoreOf } from './metainfo-store.ts'
import { toWebseedViews, type WebseedRow, webseedsJson } from './webseed-views.ts'

export interface MetainfoFileOptions {
  /** The file exactly as its author published it. */
  original: boolean
  /** Whether to add verified webseeds that others than the author named. */
  thirdPartyWebseeds: boolean
  /** The operator's announce URLs. */
  trackers: readonly string[]
}

export interface MetainfoFile {
  bytes: Uint8Array
  name: string
  /** Changes whenever the bytes do, but is made without reading them. */
  etag: string
}

/**
 * The `.torrent` of verified content; undefined when a concurrent change removed it.
 *
 * @throws ThreadsBusyError when too many files are being made.
 */
export async function readMetainfoFile(
  db: Db,
  content: ContentHandle,
  options: MetainfoFileOptions,
): Promise<MetainfoFile | undefined> {
  const [row] = await rows<MetainfoRow>(
    db,
    sql`
    SELECT m.cid, m.cid = t.metainfo_cid AS "isOwn", c.name, c.private, t.did, r.value, r.warnings, ${webseedsJson} AS "webseeds",
      ${probesJson(sql`coalesce(t.info_hash_v2, t.info_hash_v1)`, { history: false, isInMetainfo: isInItsMetainfo() })} AS probes
    FROM catalog.record r JOIN catalog.torrent t USING (id) JOIN catalog.content c ON c.id = t.content_id
    JOIN LATERAL (
      SELECT cid FROM catalog.metainfo WHERE content_id = c.id ORDER BY cid <> t.metainfo_cid, cid LIMIT 1) AS m ON true
    WHERE r.uri = ${content.uri} AND ${shown('t')}`,
  )
  if (!row) return undefined
  const plan = row.private || options.original ? undefined : planOf(row, options)
  const bytes = await metainfoStoreOf(db).read(row.cid, plan)
  const etag = `"${hash('sha256', `${row.cid} ${JSON.stringify(plan ?? null)}`).slice(0, 32)}"`
  return bytes && { bytes, name: row.name, etag }
}

interface MetainfoRow extends Record<string, unknown> {
  cid: string
  /** Whether it is the record's own file and not that of another record of the same content. */
  isOwn: boolean
  name: string
  private: boolean
  did: string
  value: Record<string, unknown>
  warnings: string[]
  webseeds: WebseedRow[] | null
  probes: ProbeRow[] | null
}

function planOf(row: MetainfoRow, options: MetainfoFileOptions): ReissuePlan {
  const verified = toWebseedViews(row).filter((seed) => seed.status === 'verified')
  const webseeds = verified.filter((seed) => options.thirdPartyWebseeds || !seed.thirdParty)
  const inRecord = (row.value.trackers as { url: string; tier?: number }[] | undefined) ?? []
  return {
    operators: options.trackers,
    trackers: inRecord.map(({ url, tier = 0 }): Tracker => ({ url, tier })),
    isOfAnother: !row.isOwn,
    warnings: row.warnings,
    webseeds: webseeds.map(({ url, kind }) => ({ url, kind: kind === 'bep17' ? 'bep17' : 'bep19' })),
    others: webseeds
      .filter((seed) => seed.thirdParty)
      .map(({ url, author }) => ({ url, did: author?.did ?? 'unknown' })),
  }
}
