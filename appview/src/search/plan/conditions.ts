/**
 * What a row of an answer meets, as data. Each engine has its own way to tell: `postgres/compile.ts` makes SQL of a
 * condition, `memory/match/` looks up postings or compares columns. Every kind is written down here and in one place of
 * each engine; an engine that leaves one out does not compile.
 */
export type Condition = RequiredTerm | Phrase | Filter

/** What an index looks up, so that rows are found by it. */
export type RequiredTerm =
  /** The row has the word, whatever its impact. `base` is the code of the term, as `baseOf` gives it. */
  | { readonly kind: 'word'; readonly base: number }
  /** The row has at least one of these terms: they stand for fields, names and accounts, and have no impacts. */
  | { readonly kind: 'any-term'; readonly bases: readonly number[] }
  /** The row is one of these. */
  | { readonly kind: 'any-row'; readonly ids: readonly number[] }
  | { readonly kind: 'every-row' }

/** Words that stand side by side in the row's text, in this order. */
export interface Phrase {
  readonly kind: 'phrase'
  readonly words: readonly string[]
  readonly stems: readonly string[]
}

/** What a row is asked that was found by something else. What is unknown of a row is in no range and before no date. */
export type Filter =
  | { readonly kind: 'excluded-word'; readonly base: number }
  /** The row has not all of these terms, or not any. */
  | { readonly kind: 'excluded-terms'; readonly bases: readonly number[]; readonly share: 'all' | 'any' }
  | { readonly kind: 'excluded-phrase'; readonly phrase: Phrase }
  /** A whole number, both bounds included. */
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
  /** Somebody expects the source to go before the day of this instant. */
  | { readonly kind: 'gone-before'; readonly before: string }
  | { readonly kind: 'metainfo-status'; readonly status: string }
  /** Somebody names a webseed of it. */
  | { readonly kind: 'webseed'; readonly is: boolean }
  /** Help is asked for it. */
  | { readonly kind: 'needs-seeders'; readonly is: boolean }

/** There is one or more, or there is none. An unknown number counts as none. */
export interface AtLeastOne {
  readonly kind: 'at-least-one'
  readonly column: 'torrents' | 'seeders'
  readonly is: boolean
}

/** From an instant on, and before another. ISO 8601 in UTC. */
export interface Period {
  readonly from?: string | undefined
  readonly before?: string | undefined
}
