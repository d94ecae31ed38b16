import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { accountPath, datasetPath, searchPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import { type DatasetSearch, searchDatasets } from '../../search/datasets.ts'
import type { SearchMemory } from '../../search/memory/search-memory.ts'
import { withSnippets } from '../../search/query/snippet.ts'
import type { RecognizedIdentifier } from '../../search/search-results.ts'
import type { Db } from '../../store/sql.ts'
import { type Html, html, nothing } from '../html.ts'
import { wordFor } from '../i18n/word-for.ts'
import { type Page, searchForm } from '../parts/layout.ts'
import { facetLabel, facetLinks, resultList } from '../parts/results.ts'
import type { MakePage } from '../serve-page.ts'
import type { View } from '../view.ts'
import { filtersOf, readSearch, sorts } from './search-params.ts'

const facetFields = ['risk', 'keyword', 'publisher', 'license', 'format', 'hasTorrent']

/** The page of the search, with filters, facets and sorts. The URL contains the whole search, so it can be saved and shared. */
export function search(db: Db, memory: SearchMemory | undefined): MakePage {
  return async (view, req) => {
    const here = queryOf(req)
    const asked = readSearch(here)
    const found = await searchDatasets(db, { ...asked, facets: facetFields, limit: 20 }, memory)
    const target = found.recognizedIdentifier && pageOf(found.recognizedIdentifier)
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
      searchedQuery: found.searchedQuery,
    })
  }
}

interface SearchPageParts {
  asked: DatasetSearch
  here: URLSearchParams
  results: Html
  facets: Html
  searchedQuery: string | undefined
}

function searchPage(view: View, { asked, here, results, facets, searchedQuery }: SearchPageParts): Page {
  const { t } = view
  return {
    title: asked.q ? t.search.titleFor(asked.q.slice(0, 80)) : t.search.title,
    section: 'search',
    searchForm: false,
    main: html`<h1>${t.search.title}</h1>
${searchForm(view, { id: 'q', label: t.search.label, value: asked.q ?? '', hidden: keptFilters(here) })}
${activeFilters(view, here)}
<div class="split">
<aside aria-label="${t.search.filters}">${sortForm(view, asked, here)}<details class="facets"><summary>${t.search.filters}</summary>${facets}${moreFilters(view, asked, here)}</details></aside>
<div id="results" aria-live="polite">${searchedQuery !== undefined && html`<p>${t.search.corrected(searchedQuery)}</p>`}${results}</div>
</div>
${help(view)}`,
  }
}

function pageOf(hit: RecognizedIdentifier): string | undefined {
  if (hit.uri)
    return hit.uri.includes('.dataset/') ? datasetPath(hit.uri) : `/record?uri=${encodeURIComponent(hit.uri)}`
  if (hit.did) return accountPath({ did: hit.did })
  const infoHash = hit.infoHashV2 ?? hit.infoHashV1
  return infoHash && `/torrent/${infoHash}`
}

/** Hidden fields that keep the filters when the words change. */
function keptFilters(here: URLSearchParams): Html {
  return html`${[...here].filter(([name]) => name !== 'q' && name !== 'cursor' && name !== 'lang').map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}`
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
