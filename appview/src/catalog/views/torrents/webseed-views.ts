import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../../store/sql.ts'
import { byStanding, isInItsMetainfo } from '../../named-addresses.ts'
import { shown } from '../../shown.ts'
import type { ProbeRow } from '../probe-views.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'
import { isUsable, webseedDropped } from './usable-address.ts'

export interface WebseedRow {
  uri: string
  did: string
  url: string
  kind: string
  note: string | null
  warnings: string[]
  author: AuthorRow
}

/** Of how many torrent records the webseeds are counted: each may have a megabyte. */
const mostRecords = 100

/**
 * All webseeds of these torrents (a FROM clause with the alias `t`), as rows of `url` and the `warnings` of the record that
 * names it. A webseed is named by the torrent record, by webseed records, or by the metainfo, whose webseeds are known once
 * they are watched. For several torrents of one content, the webseeds that others name are read once.
 */
export function namedWebseeds(torrents: SQL): SQL {
  return sql`(
    SELECT seed ->> 'url' AS url, its.warnings
    FROM (SELECT t.id FROM ${torrents} WHERE t.names_web_seeds ORDER BY t.id LIMIT ${mostRecords}::int) AS t
    JOIN catalog.record its ON its.id = t.id
    CROSS JOIN jsonb_array_elements(its.value -> 'webseeds') AS seed
    UNION
    ${namedByRecords('info_hash_v1', torrents)}
    UNION
    ${namedByRecords('info_hash_v2', torrents)}
    UNION
    SELECT p.url, its.warnings FROM (
      SELECT DISTINCT coalesce(t.info_hash_v2, t.info_hash_v1) AS hash, t.metainfo_cid, tr.warnings
      FROM ${torrents} JOIN catalog.record tr ON tr.id = t.id) AS its
    JOIN local.probe p ON p.subject = its.hash AND p.detail ? 'metainfo' AND ${isInItsMetainfo('its')})`
}

/** The most webseeds that are shown of a content, and the most that are counted of one dataset. */
const [mostSeeds, mostCounted] = [200, 5_000]

type HashColumn = 'info_hash_v1' | 'info_hash_v2'

/** The first webseed records of each content of these torrents. */
function namedByRecords(column: HashColumn, torrents: SQL): SQL {
  const hash = sql.raw(column)
  return sql`(
    SELECT w.url, wr.warnings FROM (SELECT DISTINCT t.${hash} AS hash FROM ${torrents}) AS content
    CROSS JOIN LATERAL ${firstSeeds(column, { infoHash: sql`content.hash`, limit: mostSeeds })} AS w
    JOIN catalog.record wr ON wr.id = w.id
    WHERE ${shown('w')} LIMIT ${mostCounted}::int)`
}

/** The first visible webseed records of a content, or those of one account; the order is that of an index. */
function firstSeeds(
  column: HashColumn,
  { infoHash, did, limit }: { infoHash: SQL; did?: SQL; limit: number },
) {
  return sql`(
    SELECT * FROM catalog.webseed w WHERE w.${sql.raw(column)} = ${infoHash} AND w.visible
      ${did ? sql`AND w.did = ${did}` : sql``} ORDER BY w.id LIMIT ${limit}::int)`
}

/** How many webseed records of a content are looked at, whoever wrote them; of one account that was let in by name. */
const [mostOfAll, mostOfEach] = [500, 20]

/**
 * The ids of the webseed records of the torrent `t` that are looked at: the first of all, those of its author, and, if there
 * are more than are looked at, those of accounts that were let in by name. So nobody's are pushed out by strangers'.
 */
function seedIds(column: HashColumn): SQL {
  const infoHash = sql`t.${sql.raw(column)}`
  const of = (did: SQL, limit: number) => firstSeeds(column, { infoHash, did, limit })
  return sql`
    SELECT id FROM ${firstSeeds(column, { infoHash, limit: mostOfAll })} AS first
    UNION SELECT id FROM ${of(sql`t.did`, mostSeeds)} AS own
    UNION SELECT theirs.id FROM local.admission a CROSS JOIN LATERAL ${of(sql`a.subject`, mostOfEach)} AS theirs
      WHERE a.action = 'allow' AND (
        SELECT count(*) FROM ${firstSeeds(column, { infoHash, limit: mostOfAll })} AS first) >= ${mostOfAll}::int`
}

/**
 * The webseed records that name the content of the torrent `t`, as a JSON array of {@link WebseedRow}: first those of the
 * torrent's author, then those of accounts that were let in by name, then the first seen.
 */
export const webseedsJson = sql`(
  SELECT jsonb_agg(jsonb_build_object('uri', w.uri, 'did', w.did, 'url', w.url, 'kind', w.kind,
    'note', w.value ->> 'note', 'warnings', w.warnings, 'author', ${authorJson(sql`w.did`)}) ORDER BY w.place)
  FROM (
    SELECT w.did, w.url, w.kind, wr.uri, wr.value, wr.warnings, row_number() OVER (
      ORDER BY w.did = t.did DESC, ${byStanding({ did: sql`w.did`, uri: sql`wr.uri`, id: sql`w.id` })}) AS place
    FROM (${seedIds('info_hash_v1')} UNION ${seedIds('info_hash_v2')}) AS named JOIN catalog.webseed w ON w.id = named.id AND ${shown('w')} JOIN catalog.record wr ON wr.id = w.id
    ORDER BY place LIMIT ${mostSeeds}::int) AS w)`

/** Makes the views of the usable webseeds of a content, one for each URL, with those of the torrent's author first. */
export function toWebseedViews(row: {
  did: string
  value: Record<string, unknown>
  warnings: readonly string[]
  webseeds: readonly WebseedRow[] | null
  probes: readonly ProbeRow[] | null
}): defs.WebseedView[] {
  const probes = new Map((row.probes ?? []).map((probe) => [probe.url, probe]))
  const views = new Map<string, defs.WebseedView>()
  const add = (url: string, named: Omit<defs.WebseedView, 'url' | 'status'>) => {
    if (!views.has(url))
      views.set(url, { url: url as defs.WebseedView['url'], ...named, ...toVerdict(url, probes.get(url)) })
  }
  const mayUse = (url: string, { warnings }: { warnings: readonly string[] } = row) =>
    isUsable(url, { warnings, dropped: webseedDropped })
  const own = ((row.value.webseeds as { url: string; kind?: string }[] | undefined) ?? []).filter(({ url }) =>
    mayUse(url),
  )
  for (const { url, kind } of own) add(url, { kind: kind ?? 'bep19', origin: 'torrent', thirdParty: false })
  for (const seed of row.webseeds ?? []) {
    if (!mayUse(seed.url, seed)) continue
    add(seed.url, {
      kind: seed.kind,
      origin: 'webseed',
      thirdParty: seed.did !== row.did,
      uri: seed.uri as NonNullable<defs.WebseedView['uri']>,
      author: toAuthorView(seed.author),
      ...(seed.note && { note: seed.note }),
    })
  }
  for (const { url, detail, isInMetainfo } of row.probes ?? [])
    if (detail.metainfo && isInMetainfo !== false && mayUse(url))
      add(url, { kind: detail.kind ?? 'bep19', origin: 'metainfo', thirdParty: false })
  return [...views.values()].slice(0, mostSeeds)
}

function toVerdict(url: string, probe: ProbeRow | undefined): Omit<defs.WebseedView, 'url'> {
  const https = url.startsWith('https:')
  if (!probe || probe.status === 'unchecked') return { status: 'unchecked', https }
  return {
    status: probe.status,
    https,
    checkedAt: toInstant(probe.checkedAt) as NonNullable<defs.WebseedView['checkedAt']>,
    ...(probe.detail.cors !== undefined && { cors: probe.detail.cors }),
    ...(probe.detail.message && { message: probe.detail.message }),
  }
}
