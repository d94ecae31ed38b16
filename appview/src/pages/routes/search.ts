import type { SearchMemory } from '../../catalog/search/memory/search-memory.ts'
import { withSnippets } from '../../catalog/search/query/snippet.ts'
import type { DirectHit } from '../../catalog/search/search-results.ts'
import { type DatasetSearch, searchDatasets } from '../../catalog/search/searchDatasets.ts'
import type { Db } from '../../catalog/sql.ts'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { accountPath, datasetPath, searchPath } from '../../page-paths.ts'
import { type Html, html, nothing } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import { type Page, searchForm } from '../parts/layout.ts'
import { facetLabel, facetLinks, resultList } from '../parts/results.ts'
import { queryOf } from '../server/request-query.ts'
import type { MakePage } from '../server/serve-page.ts'
import type { View } from '../view.ts'
import { type FilterName, filterNames, readSearch, sorts } from './search-params.ts'

const facetFields = ['risk', 'keyword', 'publisher', 'license', 'format', 'hasTorrent']

/** Search with filters, facets and sorts; all in the address, so that a search can be kept and sent on. */
export function search(db: Db, memory: SearchMemory | undefined): MakePage {
  return async (view, req) => {
    const here = queryOf(req)
    const asked = readSearch(here)
    const found = await searchDatasets(db, { ...asked, facets: facetFields, limit: 20 }, memory)
    const target = found.direct && directTarget(found.direct)
    if (target && !here.has('cursor')) return { movedTo: target }
    const datasets = await readDatasetViews(
      db,
      found.hits.map((hit) => hit.uri),
      { detail: 'card' },
    )
    const results = resultList(view, {
      datasets: withSnippets(datasets, found.words),
      total: found.hitsTotal,
      isEstimate: found.hitsEstimated,
      cursor: found.cursor,
      isFiltered: filtersOf(here).length > 0,
    })
    return searchPage(view, {
      asked,
      here,
      results,
      facets: facetLinks(view, found.facets ?? [], here),
      corrected: found.matched,
    })
  }
}

interface SearchPageParts {
  asked: DatasetSearch
  here: URLSearchParams
  results: Html
  facets: Html
  corrected: string | undefined
}

function searchPage(view: View, { asked, here, results, facets, corrected }: SearchPageParts): Page {
  const { t } = view
  return {
    title: asked.q ? t.search.titleFor(asked.q.slice(0, 80)) : t.search.title,
    section: 'search',
    searchForm: false,
    main: html`<h1>${t.search.title}</h1>
${searchForm(view, { id: 'q', label: t.search.label, value: asked.q ?? '', hidden: keptFilters(here) })}
${activeFilters(view, here)}
<div class="split">
<aside aria-label="${t.search.filters}">${sortForm(view, asked, here)}<details class="facets" open><summary>${t.search.filters}</summary>${facets}${moreFilters(view, asked, here)}</details></aside>
<div id="results" aria-live="polite">${corrected !== undefined && html`<p>${t.search.corrected(corrected)}</p>`}${results}</div>
</div>
${help(view)}`,
  }
}

function directTarget(hit: DirectHit): string | undefined {
  if (hit.uri)
    return hit.uri.includes('.dataset/') ? datasetPath(hit.uri) : `/record?uri=${encodeURIComponent(hit.uri)}`
  if (hit.did) return accountPath({ did: hit.did })
  const infoHash = hit.infoHashV2 ?? hit.infoHashV1
  return infoHash && `/torrent/${infoHash}`
}

/** Filters stay while the words change. */
function keptFilters(here: URLSearchParams): Html {
  return html`${[...here].filter(([name]) => name !== 'q' && name !== 'cursor' && name !== 'lang').map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`
}

function filtersOf(here: URLSearchParams): [name: string, value: string][] {
  return [...here].filter(([name, value]) => filterNames.has(name as FilterName) && value !== '')
}

function activeFilters(view: View, here: URLSearchParams): Html {
  const active = filtersOf(here)
  if (active.length === 0) return nothing
  return html`<ul class="active" aria-label="${view.t.search.active}">${active.map(([name, value]) => {
    const without = new URLSearchParams(here)
    without.delete(name, value)
    without.delete('cursor')
    return html`<li><a href="${`/search?${without}`}"><span class="scheme">${wordFor(view.t.facets, name)}</span> <bdi>${facetLabel(view, name, value)}</bdi> <span aria-hidden="true">×</span><span class="hidden"> ${view.t.search.takeBack}</span></a></li>`
  })}</ul>`
}

function sortForm(view: View, asked: DatasetSearch, here: URLSearchParams): Html {
  const others = [...here].filter(([name]) => name !== 'sort' && name !== 'cursor')
  return html`<form class="sort" action="/search" method="get">
${others.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<label for="sort">${view.t.search.sort}</label>
<select id="sort" name="sort" data-submit>${sorts.map((sort) => html`<option value="${sort}"${(asked.sort ?? 'relevance') === sort && html` selected`}>${view.t.sorts[sort]}</option>`)}</select>
<button type="submit" class="quiet">${view.t.search.apply}</button>
</form>`
}

function moreFilters(view: View, asked: DatasetSearch, here: URLSearchParams): Html {
  const { t } = view
  const own = ['author', 'goneBefore', 'minSeeders', 'maxSeeders']
  const others = [...here].filter(([name]) => !own.includes(name) && name !== 'cursor')
  return html`<form class="more-filters" action="/search" method="get">
${others.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
<label for="f-author">${t.facets.author}</label><input id="f-author" name="author" value="${asked.author ?? ''}" maxlength="253" autocapitalize="none" spellcheck="false">
<label for="f-gone">${t.facets.goneBefore}</label><input id="f-gone" name="goneBefore" type="date" value="${asked.goneBefore?.slice(0, 10) ?? ''}">
<label for="f-seeders">${t.facets.maxSeeders}</label><input id="f-seeders" name="maxSeeders" type="number" min="0" max="100000" value="${asked.maxSeeders ?? ''}">
<button type="submit" class="quiet">${t.search.apply}</button>
</form>`
}

function help(view: View): Html {
  const { t } = view
  return html`<details class="search-help"><summary>${t.search.howTo}</summary><dl>${t.search.operators.map(({ example, meaning }) => html`<dt><a href="${view.href(searchPath({ q: example }))}"><code>${example}</code></a></dt><dd>${meaning}</dd>`)}</dl></details>`
}
