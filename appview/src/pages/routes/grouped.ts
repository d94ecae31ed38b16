import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { keywordPath, publisherPath, searchPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import { type DatasetSearch, searchDatasets } from '../../search/datasets.ts'
import type { SearchMemory } from '../../search/memory/search-memory.ts'
import { type Db, storable } from '../../store/sql.ts'
import { html } from '../html.ts'
import { facetLinks, resultList } from '../parts/results.ts'
import type { MakePage } from '../serve-page.ts'

/** The page of a keyword: all datasets with it. */
export function keywordPage(db: Db, memory: SearchMemory | undefined): MakePage {
  return grouped(db, memory, {
    search: (name) => ({ keyword: [name] }),
    path: keywordPath,
    facets: ['publisher', 'risk', 'license'],
    what: 'keyword',
  })
}

/** The page of a publisher: all its datasets. */
export function publisherPage(db: Db, memory: SearchMemory | undefined): MakePage {
  return grouped(db, memory, {
    search: (name) => ({ publisher: name }),
    path: publisherPath,
    facets: ['keyword', 'risk', 'license'],
    what: 'publisher',
  })
}

interface Grouping {
  search(name: string): DatasetSearch & Record<string, string | readonly string[]>
  path(name: string): string
  facets: readonly string[]
  what: 'keyword' | 'publisher'
}

function grouped(
  db: Db,
  memory: SearchMemory | undefined,
  { search, path, facets, what }: Grouping,
): MakePage {
  return async (view, req) => {
    const name = storable(req.params.name ?? '').slice(0, 5_000)
    const cursor = queryOf(req).get('cursor') ?? undefined
    const filter = search(name)
    const found = await searchDatasets(db, { ...filter, sort: 'newest', facets, limit: 20, cursor }, memory)
    const datasets = await readDatasetViews(
      db,
      found.hits.map((hit) => hit.uri),
      { detail: 'card' },
    )
    const { t } = view
    const here = new URLSearchParams(view.href(searchPath(filter)).split('?')[1])
    const split = html`<div class="split"><aside class="after" aria-label="${t.search.filters}">${facetLinks(view, found.facets ?? [], here)}</aside>
<div>${resultList(view, { datasets, total: found.hitsTotal, isEstimate: found.hitsEstimated, cursor: found.cursor })}</div></div>`
    return {
      title: name.slice(0, 200),
      canonical: path(name),
      main: html`<p class="kind">${t.facets[what]}</p><h1 dir="auto">${name}</h1>
<p>${datasets.length > 0 && html`<a href="${view.href(searchPath(filter))}">${t.search.narrow}</a> · `}<a href="${`/feeds/${what}/${encodeURIComponent(name)}.atom`}">${t.search.feed}</a></p>
${datasets.length === 0 ? html`<p class="empty">${t.search.noneOfThese[what]}</p><p><a href="${view.href(searchPath({ q: name.slice(0, 200) }))}">${t.search.searchFor(name.slice(0, 200))}</a></p><p><a href="${view.href('/publish')}">${t.search.describeIt}</a></p>` : split}`,
    }
  }
}
