/**
 * The orders of a listing, as data. `postgres/compile.ts` makes SQL of one; `memory/match/memory-sorts.ts` reads
 * columns.
 */

export type Sort =
  /** By how well a row matches, the best first. */
  | { readonly by: 'relevance'; readonly descending: true }
  | { readonly by: 'column'; readonly column: 'created'; readonly descending: boolean }
  /** `absent` is the key of a row that has no value, as PostgreSQL writes it. */
  | {
      readonly by: 'column'
      readonly column: 'seeders' | 'size' | 'deadline'
      readonly absent: string
      readonly descending: boolean
    }
  /**
   * By the earliest date at which one of these accounts expects the source to be gone; only for rows that one has
   * judged.
   */
  | {
      readonly by: 'judged-end'
      readonly judges: readonly string[]
      readonly absent: 'infinity'
      readonly descending: false
    }

export type SortColumn = Extract<Sort, { by: 'column' }>['column']

export const byRelevance = { by: 'relevance', descending: true } as const satisfies Sort

/**
 * The orders that datasets and torrents share, by their names in the lexicons. The schema has an index on the expression
 * that each is compiled to.
 */
export const sharedSorts = {
  newest: { by: 'column', column: 'created', descending: true },
  'fewest-seeders': { by: 'column', column: 'seeders', absent: '2147483647', descending: false },
  largest: { by: 'column', column: 'size', absent: '-1', descending: true },
  smallest: { by: 'column', column: 'size', absent: '9223372036854775807', descending: false },
} satisfies Record<string, Sort>

/** The PostgreSQL type of what a sort compares; a cursor contains such a value as text. */
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
 * What a listing is ordered by: first the key of its sort, then the id as the tie-break. The id makes the order of rows
 * with equal keys the same in both engines and on every page, and no two rows have the same place. Both are compared in
 * the direction of the sort.
 */
export const orderKeys = ['key', 'id'] as const

/** The place of a row in a listing. */
export type Place = Readonly<Record<(typeof orderKeys)[number], number>>

/** Whether a place comes before another in a descending order. */
export function precedes(a: Place, b: Place): boolean {
  return a.key > b.key || (a.key === b.key && a.id > b.id)
}
