/**
 * The `.torrent` as this index serves it: `info` byte for byte the author's, around it the trackers of the record
 * and of the operator, and only webseeds whose bytes were checked. Nobody else's tracker ever stands in it, since
 * a tracker learns who downloads; a private torrent (BEP 27) is served as it came.
 */
import { parseMetainfo, type Tracker } from '@holdfast/torrent/metainfo'
import { reissueMetainfo } from '@holdfast/torrent/reissue'
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'
import { type ProbeRow, probesJson } from '../datasets/probe-views.ts'
import type { ContentHandle } from './contents.ts'
import { isUsable, trackerDropped } from './usable-address.ts'
import { toWebSeedViews, type WebSeedRow, webSeedsJson } from './web-seed-views.ts'

export interface MetainfoFileOptions {
  /** The file exactly as its author published it. */
  original: boolean
  /** Whether to add verified webseeds that others than the torrent's author named. */
  thirdPartyWebSeeds: boolean
  /** The operator's announce URLs. */
  trackers: readonly string[]
}

export interface MetainfoFile {
  bytes: Uint8Array
  name: string
}

/** The `.torrent` of verified content; undefined where a concurrent change took it away. */
export async function readMetainfoFile(
  db: Db,
  content: ContentHandle,
  options: MetainfoFileOptions,
): Promise<MetainfoFile | undefined> {
  const [row] = await rows<MetainfoRow>(
    db,
    sql`
    SELECT m.bytes, c.name, c.private, t.did, r.value, r.warnings, ${webSeedsJson} AS "webSeeds",
      ${probesJson(sql`coalesce(t.info_hash_v2, t.info_hash_v1)`, { history: false })} AS probes
    FROM catalog.record r JOIN catalog.torrent t USING (id) JOIN catalog.content c ON c.id = t.content_id
    JOIN LATERAL (
      SELECT bytes FROM catalog.metainfo WHERE content_id = c.id ORDER BY cid <> t.metainfo_cid, cid LIMIT 1) AS m ON true
    WHERE r.uri = ${content.uri} AND t.visible`,
  )
  if (!row) return undefined
  const bytes = row.private || options.original ? row.bytes : augment(row, options)
  return { bytes, name: row.name }
}

interface MetainfoRow extends Record<string, unknown> {
  bytes: Uint8Array
  name: string
  private: boolean
  did: string
  value: Record<string, unknown>
  warnings: string[]
  webSeeds: WebSeedRow[] | null
  probes: ProbeRow[] | null
}

function augment(row: MetainfoRow, options: MetainfoFileOptions): Uint8Array {
  const metainfo = parseMetainfo(row.bytes)
  const verified = toWebSeedViews(row).filter((seed) => seed.status === 'verified')
  const webSeeds = verified.filter((seed) => options.thirdPartyWebSeeds || !seed.thirdParty)
  const others = webSeeds.filter((seed) => seed.thirdParty)
  return reissueMetainfo(metainfo, {
    trackers: mergeTrackers(options.trackers, trackersOf(row, metainfo.trackers)),
    webSeeds: webSeeds.map(({ url, kind }) => ({ url, kind: kind === 'bep17' ? 'bep17' : 'bep19' })),
    ...(others.length > 0 && { comment: withOthers(metainfo.comment, others) }),
  })
}

/** BitTorrent has no field that says who named a webseed; every client shows the comment. */
function withOthers(
  comment: string | null,
  others: readonly { url: string; author?: { did: string } }[],
): string {
  const named = others.map(({ url, author }) => `${url} (${author?.did ?? 'unknown'})`)
  return [
    ...(comment ? [comment] : []),
    `Webseeds named by others than the author, checked: ${named.join(', ')}`,
  ].join('\n')
}

/** The author's: of the record, then of the file. */
function trackersOf(row: MetainfoRow, inFile: readonly Tracker[]): Tracker[] {
  const inRecord = ((row.value.trackers as { url: string; tier?: number }[] | undefined) ?? []).map(
    ({ url, tier = 0 }) => ({ url, tier }),
  )
  const all = [...inRecord, ...inFile]
  return all.filter(({ url }) => isUsable(url, { warnings: row.warnings, dropped: trackerDropped }))
}

/** The operator's first, each in its tier (BEP 12): there everybody who got the file here is sure to meet. */
function mergeTrackers(operators: readonly string[], authors: readonly Tracker[]): Tracker[] {
  const merged = new Map(operators.map((url) => [url, { url, tier: 0 }]))
  for (const { url, tier } of authors) if (!merged.has(url)) merged.set(url, { url, tier: tier + 1 })
  return [...merged.values()]
}
