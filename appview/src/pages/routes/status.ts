import { readIngestCounts } from '../../catalog/views/ingest-counts.ts'
import { isOutdated } from '../../store/index-version.ts'
import type { Db } from '../../store/sql.ts'
import { type Child, type Html, html } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import { reasonInWords } from '../parts/reasons.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'

/** The state of following the network in this process. */
export interface IngestStatus {
  status(): Promise<{
    hosts: readonly HostStatus[]
    listings: readonly { host: string; backfill: Backfill }[]
    databaseOk: boolean
    caughtUp: boolean
    checkedAt?: string
  }>
}

interface Backfill {
  state: string
  reposTotal?: number
  reposDone?: number
}

interface HostStatus {
  host: string
  kind?: string
  connected: boolean
  lagMs?: number
  waiting: number
  caughtUp: boolean
  lastEventAt?: string
  error?: string
  backfill?: Backfill
}

/** The page with the state of the index: what it follows, how far it is behind, and what it refused. */
export function statusPage({ db, ingest }: { db: Db; ingest: IngestStatus }): MakePage {
  return async (view) => {
    const [live, counts, needsRebuild] = await Promise.all([
      ingest.status(),
      readIngestCounts(db),
      isOutdated(db),
    ])
    const { t, format } = view
    // A host that is followed says itself how far its listing is.
    const onlyListed = live.listings.filter(
      (listing) => !live.hosts.some(({ host }) => host === listing.host),
    )
    const items = [
      ...live.hosts.map((host) => hostItem(view, host)),
      ...onlyListed.map((listing) => listingItem(view, listing)),
    ]
    return {
      title: t.status.title,
      section: 'status',
      canonical: '/status',
      main: html`<h1>${t.status.title}</h1><p>${t.status.intro}</p>${needsRebuild && html`<p class="alert note">${t.status.needsRebuild} <code>holdfast-appview rebuild</code></p>`}
<section aria-labelledby="sources"><h2 id="sources">${t.status.sources}</h2>
${items.length === 0 ? html`<p class="empty">${t.status.noSources}</p>` : html`<ul class="sources">${items}</ul>`}</section>
<section aria-labelledby="repos"><h2 id="repos">${t.status.repos}</h2>${countTable(view, { label: t.status.repos, rows: counts.repos.map(({ state, count }) => [wordFor(t.repoStates, state), format.number(count)]) })}</section>
<section aria-labelledby="metainfo"><h2 id="metainfo">${t.status.torrents}</h2>${countTable(view, { label: t.status.torrents, rows: counts.metainfo.map(({ status, count }) => [wordFor(t.metainfo, status), format.number(count)]) })}</section>
<section aria-labelledby="rejects"><h2 id="rejects">${t.status.rejects}</h2><p>${t.status.rejectsNote} <a href="${view.href('/record')}">${t.record.title}</a></p>${countTable(view, { label: t.status.rejects, rows: counts.rejects.map(({ reason, count, lastAt }) => [html`${reasonInWords(view, reason)} <code>${reason}</code>`, `${format.number(count)} · ${format.fromNow(lastAt)}`]) })}</section>`,
    }
  }
}

function hostItem(
  view: View,
  { host, kind, connected, lagMs, waiting, caughtUp, lastEventAt, error, backfill }: HostStatus,
): Html {
  const { t, format } = view
  const facts = [
    kind,
    caughtUp && t.status.caughtUp,
    !caughtUp && lagMs !== undefined && t.status.lag(format.number(Math.max(1, Math.round(lagMs / 1000)))),
    waiting > 0 && t.status.waiting(waiting, format.number(waiting)),
    lastEventAt && t.status.lastEvent(format.fromNow(lastEventAt)),
    backfill && backfill.state !== 'none' && backfillInWords(view, backfill),
    error,
  ].filter((fact) => typeof fact === 'string')
  return html`<li><strong>${host}</strong> <span class="badge ${connected ? 'good' : 'bad'}">${connected ? t.status.connected : t.status.notConnected}</span><ul class="facts">${facts.map((fact) => html`<li><bdi>${fact}</bdi></li>`)}</ul></li>`
}

function listingItem(view: View, { host, backfill }: { host: string; backfill: Backfill }): Html {
  const state = backfill.state === 'none' ? 'listing' : backfill.state
  return html`<li><strong>${host}</strong> <ul class="facts"><li>${backfillInWords(view, { ...backfill, state })}</li></ul></li>`
}

function backfillInWords({ t, format }: View, { state, reposTotal, reposDone }: Backfill): string {
  const counts = reposTotal
    ? `: ${format.number(reposDone ?? reposTotal)} / ${format.number(reposTotal)}`
    : ''
  return `${wordFor(t.backfill, state)}${counts}`
}

function countTable(
  view: View,
  { label, rows }: { label: string; rows: readonly (readonly [Child, string])[] },
): Html {
  if (rows.length === 0) return html`<p class="empty">${view.t.status.none}</p>`
  return html`<dl class="fields" aria-label="${label}">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}
