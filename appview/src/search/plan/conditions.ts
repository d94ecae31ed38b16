/**
 * The conditions that a row of an answer meets, as data. Each engine tests them in its own way: `postgres/compile.ts` makes
 * SQL of a condition, `memory/match/` looks up postings or compares columns. Each kind is declared here and handled in one
 * place of each engine; an engine that leaves one out does not compile.
 */
export type Condition = RequiredTerm | Phrase | Filter

/** A condition that an index can look up, so that rows are found by it. */
export type RequiredTerm =
  /** The row has the word with any impact. `base` is the word's code, from `baseOf`. */
  | { readonly kind: 'word'; readonly base: number }
  /** The row has at least one of these terms, which are for fields, names and accounts, and have no impacts. */
  | { readonly kind: 'any-term'; readonly bases: readonly number[] }
  /** The row has one of these ids. */
  | { readonly kind: 'any-row'; readonly ids: readonly number[] }
  | { readonly kind: 'every-row' }

/** The row's text has these words side by side, in this order. */
export interface Phrase {
  readonly kind: 'phrase'
  readonly words: readonly string[]
  readonly stems: readonly string[]
}

/** A condition that is tested in rows found by something else. An unknown value is in no range and before no date. */
export type Filter =
  | { readonly kind: 'excluded-word'; readonly base: number }
  /** The row does not have all of these terms (`all`), or has none of them (`any`). */
  | { readonly kind: 'excluded-terms'; readonly bases: readonly number[]; readonly share: 'all' | 'any' }
  | { readonly kind: 'excluded-phrase'; readonly phrase: Phrase }
  /** A whole number within bounds, both included. */
  | {
      readonly kind: 'range'
      readonly column: 'seeders' | 'size'
      readonly min?: number | undefined
      readonly max?: number | undefined
    }
  | AtLeastOne
  | ({ readonly kind: 'created' } & Period)
  /** When this index first saw the row. */
  | ({ readonly kind: 'indexed' } & Period)
  /** Somebody expects the source to be gone before the day of this instant. */
  | { readonly kind: 'gone-before'; readonly before: string }
  | { readonly kind: 'metainfo-status'; readonly status: string }
  /** Whether somebody names a webseed of it. */
  | { readonly kind: 'webseed'; readonly is: boolean }
  /** Whether it is listed as in need of seeders. */
  | { readonly kind: 'needs-seeders'; readonly is: boolean }

/** Whether there is at least one (`is`) or none. An unknown number counts as none. */
export interface AtLeastOne {
  readonly kind: 'at-least-one'
  readonly column: 'torrents' | 'seeders'
  readonly is: boolean
}

/** A period from an instant on and before another. ISO 8601 in UTC. */
export interface Period {
  readonly from?: string | undefined
  readonly before?: string | undefined
}
