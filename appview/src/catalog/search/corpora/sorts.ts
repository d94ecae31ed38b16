import { sql } from 'drizzle-orm'
import { column } from '../terms/row-terms.ts'
import type { Sort } from './corpus.ts'

/**
 * The orders that datasets and torrents share, by the names the lexicons give them. Each key is the expression that the
 * schema has an index on.
 */
export const sharedSorts = {
  newest: { key: (alias) => column(alias, 'created_at'), type: 'timestamptz', descending: true },
  'fewest-seeders': {
    key: (alias) => sql`coalesce(${column(alias, 'seeders')}, 2147483647)`,
    type: 'bigint',
    descending: false,
  },
  largest: {
    key: (alias) => sql`coalesce(${column(alias, 'size_bytes')}, -1)`,
    type: 'bigint',
    descending: true,
  },
  smallest: {
    key: (alias) => sql`coalesce(${column(alias, 'size_bytes')}, 9223372036854775807)`,
    type: 'bigint',
    descending: false,
  },
} satisfies Record<string, Sort>
