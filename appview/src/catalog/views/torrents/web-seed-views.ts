import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { toInstant } from '../../sql.ts'
import type { ProbeRow } from '../datasets/probe-views.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'
import { isUsable, webSeedDropped } from './usable-address.ts'

export interface WebSeedRow {
  uri: string
  did: string
  url: string
  kind: string
  note: string | null
  warnings: string[]
  author: AuthorRow
}

/** The webseed records that name the content of the torrent `t`, as a JSON array of {@link WebSeedRow}. */
export const webSeedsJson = sql`(
  SELECT jsonb_agg(jsonb_build_object('uri', wr.uri, 'did', w.did, 'url', w.url, 'kind', w.kind,
    'note', wr.value ->> 'note', 'warnings', wr.warnings, 'author', ${authorJson(sql`w.did`)}) ORDER BY w.created_at, w.id)
  FROM (
    SELECT id FROM catalog.webseed WHERE info_hash_v1 = t.info_hash_v1
    UNION SELECT id FROM catalog.webseed WHERE info_hash_v2 = t.info_hash_v2
  ) AS named JOIN catalog.webseed w ON w.id = named.id AND w.visible JOIN catalog.record wr ON wr.id = w.id)`

/** The webseeds of a content that may be used, whoever named them, one a URL: the torrent's author's own first. */
export function toWebSeedViews(row: {
  did: string
  value: Record<string, unknown>
  warnings: readonly string[]
  webSeeds: readonly WebSeedRow[] | null
  probes: readonly ProbeRow[] | null
}): defs.WebSeedView[] {
  const probes = new Map((row.probes ?? []).map((probe) => [probe.url, probe]))
  const views = new Map<string, defs.WebSeedView>()
  const add = (url: string, named: Omit<defs.WebSeedView, 'url' | 'status'>) => {
    if (!views.has(url))
      views.set(url, { url: url as defs.WebSeedView['url'], ...named, ...toVerdict(url, probes.get(url)) })
  }
  const mayUse = (url: string, { warnings }: { warnings: readonly string[] } = row) =>
    isUsable(url, { warnings, dropped: webSeedDropped })
  const own = ((row.value.webSeeds as { url: string; kind?: string }[] | undefined) ?? []).filter(({ url }) =>
    mayUse(url),
  )
  for (const { url, kind } of own) add(url, { kind: kind ?? 'bep19', origin: 'torrent', thirdParty: false })
  for (const seed of row.webSeeds ?? []) {
    if (!mayUse(seed.url, seed)) continue
    add(seed.url, {
      kind: seed.kind,
      origin: 'webseed',
      thirdParty: seed.did !== row.did,
      uri: seed.uri as NonNullable<defs.WebSeedView['uri']>,
      author: toAuthorView(seed.author),
      ...(seed.note && { note: seed.note }),
    })
  }
  for (const { url, detail } of row.probes ?? [])
    if (detail.metainfo && mayUse(url))
      add(url, { kind: detail.kind ?? 'bep19', origin: 'metainfo', thirdParty: false })
  return [...views.values()].slice(0, 200)
}

function toVerdict(url: string, probe: ProbeRow | undefined): Omit<defs.WebSeedView, 'url'> {
  const https = url.startsWith('https:')
  if (!probe || probe.status === 'unchecked') return { status: 'unchecked', https }
  return {
    status: probe.status,
    https,
    checkedAt: toInstant(probe.checkedAt) as NonNullable<defs.WebSeedView['checkedAt']>,
    ...(probe.detail.cors !== undefined && { cors: probe.detail.cors }),
    ...(probe.detail.message && { message: probe.detail.message }),
  }
}
