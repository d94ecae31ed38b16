import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import type { Need, ReadNeeds } from '../../catalog/views/pages/page-needs.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import type { Db } from '../../store/sql.ts'
import { type Html, html } from '../html.ts'
import { datasetCard } from '../parts/dataset-card.ts'
import { torrentCard } from '../parts/torrent/torrent-card.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'

const shown = 30

/** The page about where help is needed, the most urgent first. */
export function needsPage({ db, needs }: { db: Db; needs: ReadNeeds }): MakePage {
  return async (view) => {
    const need = await needs()
    const datasets = (one: Need) => readDatasetViews(db, one.uris.slice(0, shown), { detail: 'card' })
    const torrents = (one: Need) =>
      readTorrentViews(db, one.uris.slice(0, shown), { detail: 'card', trackers: [] })
    const [losing, unsaved, unseeded, few] = await Promise.all([
      datasets(need.losing),
      datasets(need.unsaved),
      torrents(need.unseeded),
      torrents(need.few),
    ])
    const { t } = view
    const sections: Html[] = [
      section(view, {
        id: 'losing',
        title: t.needs.losing,
        text: t.needs.losingText,
        total: need.losing.total,
        cards: losing.map((one) => datasetCard(view, one)),
      }),
      section(view, {
        id: 'unsaved',
        title: t.needs.unsaved,
        text: t.needs.unsavedText,
        total: need.unsaved.total,
        cards: unsaved.map((one) => datasetCard(view, one)),
      }),
      section(view, {
        id: 'unseeded',
        title: t.needs.unseeded,
        text: t.needs.unseededText,
        total: need.unseeded.total,
        cards: unseeded.map((one) => torrentCard(view, one)),
      }),
      section(view, {
        id: 'few',
        title: t.needs.few,
        text: t.needs.fewText,
        total: need.few.total,
        cards: few.map((one) => torrentCard(view, one)),
      }),
    ]
    const summary = t.needs.summary({
      losing: need.losing.total,
      seeders: need.unseeded.total + need.few.total,
    })
    const isQuiet = [losing, unsaved, unseeded, few].every(({ length }) => length === 0)
    return {
      title: t.needs.title,
      section: 'needs',
      canonical: '/needs',
      description: t.needs.intro,
      main: html`<h1>${t.needs.title}</h1>
${summary && html`<p class="lead">${summary}</p>`}
<p>${t.needs.intro} <a href="${view.href('/help')}">${t.needs.howToHelp}</a></p>
${isQuiet ? html`<p class="empty">${t.needs.nothing}</p>` : sections}`,
    }
  }
}

function section(
  view: View,
  {
    id,
    title,
    text,
    total,
    cards,
  }: { id: string; title: string; text: string; total: number; cards: readonly Html[] },
): Html {
  if (cards.length === 0) return html``
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title} <span class="n">${view.format.number(total)}</span></h2>
<p>${text}</p><div class="cards">${cards}</div>
${total > cards.length && html`<p class="count">${view.t.site.andMore(total - cards.length)}</p>`}</section>`
}
