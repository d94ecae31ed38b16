export type CorpusName = 'dataset' | 'torrent'

/** In how many visible records each term occurs, as far as it is known. */
export interface TermStatistics {
  /** How many visible records there are; 0 before the first count. */
  records: number
  /** Whether the term occurred in the sample, and so in some visible record. */
  has(base: number): boolean
  /** In how many records a term occurs, and, for common terms, in how many with each impact or a higher one. */
  of(base: number): { records: number; above: readonly number[] | null }
}
