import type { defs } from '@holdfast/lexicons'
import { datasetPath } from '../../http/page-paths.ts'
import { type Html, html, nothing } from '../html.ts'
import { plainExcerpt } from '../markdown.ts'
import type { View } from '../view.ts'
import { deadline, holders, needsBadge, riskBadge, worstRisk } from './badges.ts'
import { authorLink } from './people.ts'
import { datasetRecord, foreignCollection, licenseName } from './record.ts'

/** A dataset in a list. `byline` is off in lists of one author. */
export function datasetCard(
  view: View,
  dataset: defs.DatasetView,
  { level = 3, byline = true }: { level?: 2 | 3; byline?: boolean } = {},
): Html {
  const { t } = view
  const record = datasetRecord(dataset)
  const risk = worstRisk(dataset)
  const title = html`<a href="${view.href(datasetPath(dataset.uri))}">${shortTitle(record.title)}</a>`
  const text = dataset.snippet ?? (record.description ? plainExcerpt(record.description, 240) : '')
  const others = (dataset.group?.count ?? 1) - 1
  const facts = [
    record.publisher?.name && html`<bdi>${record.publisher.name}</bdi>`,
    byline && html`${t.dataset.describedBy} ${authorLink(view, dataset.author)}`,
    others > 0 && (byline ? t.dataset.alsoDescribedBy(others) : t.dataset.otherDescribers(others)),
    licenseName(record.license) && html`<bdi>${licenseName(record.license)}</bdi>`,
    size(view, dataset),
    foreignCollection(dataset) && html`<code>${foreignCollection(dataset)}</code>`,
  ].filter(Boolean)
  return html`<article class="card">
${level === 2 ? html`<h2 dir="auto">${title}</h2>` : html`<h3 dir="auto">${title}</h3>`}
${badges(view, dataset, risk)}
${text && html`<p class="excerpt" dir="auto">${text}</p>`}
${facts.length > 0 && html`<ul class="facts">${facts.map((fact) => html`<li>${fact}</li>`)}</ul>`}
</article>`
}

function badges(view: View, dataset: defs.DatasetView, risk: defs.Risk | undefined): Html {
  const torrents = dataset.counts?.torrents ?? 0
  const seeders =
    torrents === 0
      ? html`<span class="swarm none">${view.t.dataset.noTorrent}</span>`
      : holders(view, dataset.swarm)
  const gone = risk?.expectedGone
    ? html`<span class="gone">${view.t.risk.expectedGone} ${deadline(view, risk.expectedGone)}</span>`
    : nothing
  return html`<p class="badges">${riskBadge(view, risk)} ${gone} ${needsBadge(view, dataset.swarm)} ${seeders}</p>`
}

/** The size by which datasets are also filtered and sorted. */
function size(view: View, dataset: defs.DatasetView): string | false {
  const stated = datasetRecord(dataset).sizeBytes
  if (stated !== undefined && stated > 0) return view.format.size(stated)
  const shared = dataset.counts?.sizeBytes
  return shared ? view.t.dataset.sizeShared(view.format.size(shared)) : false
}

/** Shortens a title for lists, since it may have a thousand characters. */
export function shortTitle(title: string, mostCharacters = 240): string {
  const isLong = title.length > mostCharacters
  return isLong ? `${title.slice(0, mostCharacters - 1).toWellFormed()}…` : title || '—'
}
