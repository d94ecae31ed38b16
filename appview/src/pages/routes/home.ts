import type { defs } from '@holdfast/lexicons'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { readNewestDatasetUris } from '../../catalog/views/feed-views.ts'
import type { ReadNeeds } from '../../catalog/views/pages/page-needs.ts'
import type { Totals } from '../../catalog/views/pages/stats.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import type { Db } from '../../store/sql.ts'
import { type Html, html, nothing } from '../html.ts'
import { datasetCard } from '../parts/dataset-card.ts'
import { searchForm } from '../parts/layout.ts'
import { torrentCard } from '../parts/torrent/torrent-card.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'

export interface HomeParts {
  db: Db
  needs: ReadNeeds
  totals: { current(): Promise<{ totals: Totals }> }
}

/** The home page: what this is, totals, what needs help now, and what is new. */
export function home({ db, needs, totals }: HomeParts): MakePage {
  return async (view) => {
    const [{ totals: now }, need, newest] = await Promise.all([
      totals.current(),
      needs(),
      readNewestDatasetUris(db, 6),
    ])
    const [losing, weak, fresh] = await Promise.all([
      readDatasetViews(db, [...new Set([...need.losing.uris, ...need.unsaved.uris])].slice(0, 3), {
        detail: 'card',
      }),
      readTorrentViews(db, [...need.unseeded.uris, ...need.few.uris].slice(0, 3), {
        detail: 'card',
        trackers: [],
      }),
      readDatasetViews(db, newest, { detail: 'card' }),
    ])
    const { t } = view
    return {
      title: view.siteName,
      description: t.home.breath,
      canonical: '/',
      searchForm: false,
      head: html`<link rel="alternate" type="application/atom+xml" title="${t.home.newest}" href="/feeds/datasets.atom">
<link rel="alternate" type="application/rss+xml" title="${t.needs.badge}" href="/feeds/needs.rss">`,
      main: html`<section class="hero">
<h1>${t.home.title}</h1>
<p class="lead">${t.home.breath}</p>
${searchForm(view, { id: 'q', label: t.search.label })}
<p><a href="#how">${t.home.newHere}</a></p>
</section>
${totalsList(view, now)}
${helpNow(view, { losing, weak, needsSeeders: need.unseeded.total + need.few.total, losingTotal: need.losing.total })}
<section>
<h2>${t.home.newest}</h2>
${
  fresh.length === 0
    ? html`<p class="empty">${t.home.nothingYet} <a href="${view.href('/publish')}">${t.home.beFirst}</a></p>`
    : html`<div class="cards">${fresh.map((dataset) => datasetCard(view, dataset))}</div>
<p><a href="${view.href('/search?sort=newest')}">${t.home.allNewest}</a></p>`
}
</section>
<section class="how" aria-labelledby="how">
<h2 id="how">${t.home.howTitle}</h2>
<ol class="steps">${t.home.how.map(({ title, text }) => html`<li><strong>${title}</strong> ${text}</li>`)}</ol>
<p><a href="${view.href('/help')}">${t.home.howLink}</a></p>
</section>`,
    }
  }
}

function totalsList({ t, format }: View, totals: Totals): Html {
  const counted = (value: number, forms: { one: string; other: string }) =>
    [value, format.number(value), format.plural(value, forms)] as const
  // Leave out kinds of needs without entries.
  const entries = [
    counted(totals.datasets, t.totals.datasets),
    [totals.sizeBytes, format.size(totals.sizeBytes), t.totals.size] as const,
    counted(totals.infoHashes, t.totals.torrents),
    counted(totals.seeders, t.totals.seeders),
    counted(totals.authors, t.totals.authors),
  ].filter(([count]) => count > 0)
  if (entries.length === 0) return nothing
  return html`<dl class="totals" aria-label="${t.totals.label}">${entries.map(([, value, name]) => html`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl>`
}

interface HelpNow {
  losing: readonly defs.DatasetView[]
  weak: readonly defs.TorrentView[]
  needsSeeders: number
  losingTotal: number
}

function helpNow(view: View, { losing, weak, needsSeeders, losingTotal }: HelpNow): Html {
  const { t } = view
  if (losing.length === 0 && weak.length === 0) return nothing
  return html`<section>
<h2>${t.home.helpNow}</h2>
<p>${t.needs.summary({ losing: losingTotal, seeders: needsSeeders })} <a href="${view.href('/needs')}">${t.home.allNeeds}</a></p>
<div class="cards">${losing.map((dataset) => datasetCard(view, dataset))}${weak.map((torrent) => torrentCard(view, torrent))}</div>
</section>`
}
