import type { Facet } from './plan/engine.ts'

/** What every search gives besides its hits, under the lexicon's names. */
export interface SearchSummary {
  /** Ask for the next page with this; the listing has ended only when it is absent. */
  cursor?: string
  facets?: Facet[]
  /** Cards, that is groups of describers; an estimate where `hitsEstimated`. */
  hitsTotal: number
  hitsEstimated: boolean
  /** The query as typed, where `searchedQuery` was searched in its place: likelier words, or a phrase taken apart. */
  typedQuery?: string
  searchedQuery?: string
  recognizedIdentifier?: RecognizedIdentifier
  /** The query's words, folded, for `snippetOf`. */
  words: string[]
}

/** `defs#recognizedIdentifier`: an identifier typed as the query, and what it leads to here. */
export interface RecognizedIdentifier {
  kind: 'at-uri' | 'handle' | 'did' | 'infohash' | 'magnet' | 'doi' | 'ark' | 'url'
  /** Normalized. */
  value: string
  uri?: string
  did?: string
  infoHashV1?: string
  infoHashV2?: string
}
