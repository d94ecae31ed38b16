import type { Facet } from './plan/engine.ts'

/** What every search returns besides its hits, with the lexicon's names. */
export interface SearchSummary {
  /** The cursor of the next page; absent only at the end of the listing. */
  cursor?: string
  facets?: Facet[]
  /** The number of cards (records of one dataset share a card); an estimate if `hitsEstimated`. */
  hitsTotal: number
  hitsEstimated: boolean
  /** The query as typed, if `searchedQuery` was searched instead: with corrected words, or a phrase split into words. */
  typedQuery?: string
  searchedQuery?: string
  recognizedIdentifier?: RecognizedIdentifier
  /** The words of the query, folded, for making snippets. */
  words: string[]
}

/** A `defs#recognizedIdentifier`: an identifier that is the whole query, and what it names in this index. */
export interface RecognizedIdentifier {
  kind: 'at-uri' | 'handle' | 'did' | 'infohash' | 'magnet' | 'doi' | 'ark' | 'url'
  /** The normalized identifier. */
  value: string
  uri?: string
  did?: string
  infoHashV1?: string
  infoHashV2?: string
}
