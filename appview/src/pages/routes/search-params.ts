import type { DatasetSearch } from '../../search/datasets.ts'

export const sorts = [
  'relevance',
  'newest',
  'expected-gone',
  'fewest-seeders',
  'largest',
  'smallest',
] as const

const texts = ['q', 'publisher', 'license', 'format', 'author', 'cursor'] as const
const lists = ['keyword', 'risk', 'scarcity', 'assessedBy'] as const
const counts = ['minSeeders', 'maxSeeders', 'minSizeBytes', 'maxSizeBytes'] as const
const instants = ['goneBefore', 'createdAfter', 'createdBefore', 'indexedAfter', 'indexedBefore'] as const

export type FilterName =
  | Exclude<(typeof texts)[number], 'q' | 'cursor'>
  | (typeof lists)[number]
  | (typeof counts)[number]
  | (typeof instants)[number]
  | 'hasTorrent'

/** The parameters that narrow a search, besides its words. */
const filterNames: ReadonlySet<FilterName> = new Set<FilterName>([
  'publisher',
  'license',
  'format',
  'author',
  'hasTorrent',
  ...lists,
  ...counts,
  ...instants,
])

/** The filters in a URL that the search uses; those that {@link readSearch} ignores are left out. */
export function filtersOf(query: URLSearchParams): [name: FilterName, value: string][] {
  const isFilter = (name: string): name is FilterName => filterNames.has(name as FilterName)
  const seen = new Set<string>()
  return [...query].flatMap(([name, value]): [FilterName, string][] => {
    if (!isFilter(name)) return []
    const isRepeated = seen.has(name) && !lists.some((list) => list === name)
    seen.add(name)
    const means = readSearch(new URLSearchParams([[name, value]]))[name] !== undefined
    return means && !isRepeated ? [[name, value]] : []
  })
}

/** Reads a search from a URL. Empty and invalid values are ignored, because a form sends every field. */
export function readSearch(query: URLSearchParams): DatasetSearch {
  const asked: Record<string, unknown> = {}
  for (const name of texts) {
    const value = clean(query.get(name)).slice(0, 1_000)
    if (value !== '') asked[name] = value
  }
  for (const name of lists) {
    const values = query
      .getAll(name)
      .map(clean)
      .filter((value) => value !== '')
    if (values.length > 0) asked[name] = values.slice(0, 20)
  }
  for (const name of counts)
    if (/^\d{1,15}$/.test(query.get(name) ?? '')) asked[name] = Number(query.get(name))
  for (const name of instants) {
    const ms = Date.parse(query.get(name) ?? '')
    if (!Number.isNaN(ms)) asked[name] = new Date(ms).toISOString()
  }
  const hasTorrent = query.get('hasTorrent')
  if (hasTorrent === 'true' || hasTorrent === 'false') asked.hasTorrent = hasTorrent === 'true'
  const sort = query.get('sort')
  if (sorts.some((known) => known === sort)) asked.sort = sort
  return asked
}

// Replace NUL, which PostgreSQL cannot store, so nothing could match it anyway.
function clean(text: string | null): string {
  return (text ?? '').toWellFormed().replaceAll('\0', '').trim()
}
