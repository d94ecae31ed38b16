/** What every search gives besides its hits, under the lexicon's names. */
export interface SearchSummary {
  /** Ask for the next page with this; the listing has ended only when it is absent. */
  cursor?: string
  facets?: Facet[]
  /** Cards, that is groups of describers; an estimate where `hitsEstimated`. */
  hitsTotal: number
  hitsEstimated: boolean
  /** The query as typed, when nothing matched it and `matched` was searched instead. */
  correctedFrom?: string
  matched?: string
  direct?: DirectHit
  /** The query's words, folded, for `snippetOf`. */
  words: string[]
}

/** `defs#facet` */
export interface Facet {
  field: string
  values: { value: string; label?: string; count: number }[]
  estimated?: boolean
}

/** `defs#directHit`: what an identifier typed as the query leads to. */
export interface DirectHit {
  kind: 'at-uri' | 'handle' | 'did' | 'infohash' | 'magnet' | 'doi' | 'ark' | 'url'
  /** Normalised. */
  value: string
  uri?: string
  did?: string
  infoHashV1?: string
  infoHashV2?: string
}
