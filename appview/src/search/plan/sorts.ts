/** The orders of a listing, as data: `postgres/compile.ts` makes SQL of a sort, `memory/match/memory-sorts.ts` reads columns. */

export type Sort =
  /** How well a row matches, the best first. */
  | { readonly by: 'relevance'; readonly descending: true }
  | { readonly by: 'column'; readonly column: 'created'; readonly descending: boolean }
  /** `absent` is the key of a row that has no value, as PostgreSQL writes it. */
  | {
      readonly by: 'column'
      readonly column: 'seeders' | 'size' | 'deadline'
      readonly absent: string
      readonly descending: boolean
    }
  /** The earliest end that one of these accounts expects of a row; only for rows that one of them has judged. */
  | {
      readonly by: 'judged-end'
      readonly judges: readonly string[]
      readonly absent: 'infinity'
      readonly descending: false
    }

export type SortColumn = Extract<Sort, { by: 'column' }>['column']

export const byRelevance = { by: 'relevance', descending: true } as const satisfies Sort

/**
 * The orders that datasets and torrents share, by the names the lexicons give them. The schema has an index on the
 * expression that each is compiled to.
 */
export const sharedSorts = {
  newest: { by: 'column', column: 'created', descending: true },
  'fewest-seeders': { by: 'column', column: 'seeders', absent: '2147483647', descending: false },
  largest: { by: 'column', column: 'size', absent: '-1', descending: true },
  smallest: { by: 'column', column: 'size', absent: '9223372036854775807', descending: false },
} satisfies Record<string, Sort>

/** What a sort compares, by the names of PostgreSQL's types; a cursor carries the text of one. */
export type KeyType = 'bigint' | 'timestamptz' | 'date'

const columnTypes: Readonly<Record<SortColumn, KeyType>> = {
  created: 'timestamptz',
  seeders: 'bigint',
  size: 'bigint',
  deadline: 'date',
}

export function keyTypeOf(sort: Sort): KeyType {
  if (sort.by === 'relevance') return 'bigint'
  return sort.by === 'column' ? columnTypes[sort.column] : 'date'
}

/**
 * What a listing is ordered by, first to last: the key of its sort, and the id. The id is the tie-break. It makes the order
 * of rows with equal keys the same in both engines and on every page, and since an id is met once, a place in a listing is
 * one row. All keys go in the direction of the sort.
 */
export const orderKeys = ['key', 'id'] as const

/** Where a row stands in a listing. */
export type Place = Readonly<Record<(typeof orderKeys)[number], number>>

/** Whether a place comes before another where the greatest is first. */
export function precedes(a: Place, b: Place): boolean {
  return a.key > b.key || (a.key === b.key && a.id > b.id)
}
