/**
 * The `.torrent` as this index serves it: `info` byte for byte the author's, around it the trackers of the record
 * and of the operator, and only webseeds whose bytes were checked. Nobody else's tracker ever stands in it, since
 * a tracker learns who downloads; a private torrent (BEP 27) is served as it came.
 */
import { checkUnicastPolicy } from '@atproto-labs/fetch-node'
import { valueEnd } from '@holdfast/torrent/bencode'
import { type Encodable, encode } from '@holdfast/torrent/bencode-tree'
import { parseMetainfo, type Tracker, type WebSeed } from '@holdfast/torrent/metainfo'
import { outerEntries } from '@holdfast/torrent/metainfo/outer'
import { outerFields } from '@holdfast/torrent/outer-fields'
import { sql } from 'drizzle-orm'
import { type Db, rows } from '../sql.ts'
import type { ContentHandle } from './contents.ts'
import { type ProbeRow, probesJson } from './probe-views.ts'
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
  const outer = outerFields({
    trackers: mergeTrackers(options.trackers, trackersOf(row, metainfo.trackers)),
    webSeeds: webSeeds.map(
      ({ url, kind }) => ({ url, kind: kind === 'bep17' ? 'bep17' : 'bep19' }) satisfies WebSeed,
    ),
  })
  // No client reads it; it lets a person tell who stands behind each added address.
  if (others.length > 0)
    outer.set(
      'third-party-webseeds',
      others.map(({ url, author }) => [url, author?.did ?? '']),
    )
  return replaceEntries(row.bytes, outer)
}

/** What may be written anew; everything else around `info` is kept as its author wrote it. */
const replaced = new Set(['announce', 'announce-list', 'url-list', 'httpseeds', 'third-party-webseeds'])

/** A dictionary is its keys in the order of their bytes, each with its value (BEP 3); values are copied unread. */
function replaceEntries(bytes: Uint8Array, outer: ReadonlyMap<string, Encodable>): Uint8Array {
  const values = new Map<string, Uint8Array>([...outer].map(([key, value]) => [key, encode(value)]))
  for (const { key, value } of outerEntries(bytes)) {
    if (!replaced.has(key) && !values.has(key)) values.set(key, bytes.subarray(value, valueEnd(bytes, value)))
  }
  const sorted = [...values]
    .map(([key, value]) => [Buffer.from(key, 'latin1'), value] as const)
    .sort(([a], [b]) => Buffer.compare(a, b))
  return Buffer.concat([
    Buffer.from('d'),
    ...sorted.flatMap(([key, value]) => [encode(key), value]),
    Buffer.from('e'),
  ])
}

/** The author's: of the record, then of the file. */
function trackersOf(row: MetainfoRow, inFile: readonly Tracker[]): Tracker[] {
  const inRecord = ((row.value.trackers as { url: string; tier?: number }[] | undefined) ?? []).map(
    ({ url, tier = 0 }) => ({ url, tier }),
  )
  const all = [...inRecord, ...inFile]
  return row.warnings.includes('private-tracker-dropped')
    ? all.filter(({ url }) => !namesPrivateHost(url))
    : all
}

/** The operator's first, each in its tier (BEP 12): there everybody who got the file here is sure to meet. */
function mergeTrackers(operators: readonly string[], authors: readonly Tracker[]): Tracker[] {
  const merged = new Map(operators.map((url) => [url, { url, tier: 0 }]))
  for (const { url, tier } of authors) if (!merged.has(url)) merged.set(url, { url, tier: tier + 1 })
  return [...merged.values()]
}

function namesPrivateHost(url: string): boolean {
  return URL.canParse(url) && checkUnicastPolicy(new URL(url)) !== undefined
}
