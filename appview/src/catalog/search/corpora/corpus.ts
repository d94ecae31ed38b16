import type { SQL } from 'drizzle-orm'
import type { PhraseCheck } from '../ranking/needs.ts'
import type { Alias } from '../terms/row-terms.ts'
import type { CorpusName } from '../terms/statistics.ts'

/** What differs between searching datasets and searching torrents. */
export interface Corpus {
  name: CorpusName
  /** What is one card: rows with the same value are shown once. */
  group: (alias: Alias) => SQL
  phraseStands: PhraseCheck
  /** Percent added to the score of a row. */
  boost: (alias: Alias) => SQL
  sorts: Readonly<Record<string, Sort>>
  /** Each value of the field that a row counts for, as a set of text. */
  facets: Readonly<Record<string, (alias: Alias) => SQL>>
}

export interface Sort {
  key: (alias: Alias) => SQL
  type: 'bigint' | 'timestamptz' | 'date'
  descending: boolean
}
