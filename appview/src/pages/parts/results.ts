import type { defs } from '@holdfast/lexicons'
import type { Facet } from '../../search/plan/engine.ts'
import { type Html, html, nothing } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import type { View } from '../view.ts'
import { riskName, scarcityName } from './badges.ts'
import { datasetCard } from './dataset-card.ts'
import { formatName } from './format-names.ts'
import { pager } from './pager.ts'

export interface Results {
  datasets: readonly defs.DatasetView[]
  total: number
  isEstimate: boolean
  cursor?: string | undefined
  /** Whether a filter can be removed. */
  isFiltered?: boolean
}

/** The list of results, or advice when there are none. */
export function resultList(view: View, { datasets, total, isEstimate, cursor, isFiltered }: Results): Html {
  const { t, format } = view
  if (datasets.length === 0)
    return html`<div class="empty"><p>${t.search.nothing}</p><ul><li>${t.search.advice.words}</li>${isFiltered && html`<li>${t.search.advice.filter}</li>`}<li>${t.search.advice.identifier}</li></ul>
<p><a href="${view.href('/publish')}">${t.search.describeIt}</a></p></div>`
  const count = format.plural(total, t.search.results)
  return html`<p class="count" role="status">${isEstimate ? t.search.about(count) : count}</p>
<div class="list">${datasets.map((dataset) => datasetCard(view, dataset, { level: 2 }))}</div>
${pager(view, cursor)}`
}

/** Facets as links that add or remove one value, which need no script. */
export function facetLinks(view: View, facets: readonly Facet[], here: URLSearchParams): Html {
  const shown = facets.filter(({ values }) => values.length > 0)
  if (shown.length === 0) return nothing
  return html`${shown.map(({ field, values }) => {
    const set = new Set(here.getAll(field))
    return html`<section class="facet"><h2>${wordFor(view.t.facets, field)}</h2><ul>${values
      .slice(0, 12)
      .map(({ value, label, count }) => {
        const isSet = set.has(value)
        return html`<li><a href="${toggled(here, { field, value, isSet })}" rel="nofollow"${isSet && html` aria-current="true"`}><bdi>${label ?? facetLabel(view, field, value)}</bdi> <span class="n">${view.format.number(count)}</span>${isSet && html`<span class="hidden"> ${view.t.search.takeBack}</span>`}</a></li>`
      })}</ul></section>`
  })}`
}

function toggled(
  here: URLSearchParams,
  { field, value, isSet }: { field: string; value: string; isSet: boolean },
): string {
  const next = new URLSearchParams(here)
  next.delete('cursor')
  if (isSet) next.delete(field, value)
  else if (repeatable.has(field)) next.append(field, value)
  else next.set(field, value)
  return `/search?${next}`
}

/** Parameters of the search that take several values. */
const repeatable = new Set(['keyword', 'risk', 'scarcity'])

export function facetLabel(view: View, field: string, value: string): string {
  if (field === 'risk') return riskName(view, value)
  if (field === 'scarcity') return scarcityName(view, value)
  if (field === 'hasTorrent')
    return value === 'true' ? view.t.search.withTorrent : view.t.search.withoutTorrent
  if (field === 'format') return formatName(value)
  return value
}
