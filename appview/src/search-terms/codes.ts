/**
 * A record is indexed as a sorted array of codes. A code consists of 47 bits of a hash of a term and six bits for its
 * impact, which says how much the record is about the term: 1 to 63, or 0 to say only that the record has the term. A word
 * has two codes, one with impact 0 and one with its impact. So one GIN index finds records that have a term (by one code)
 * and records that are much about it (by the codes of high impacts), and the score of a row is read from its own array.
 * Codes stay below 2^53 and are plain numbers.
 */
export const levels = 64

/** The code of a term with impact 0, which says that a record has the term. Terms that are not words are written `kind:value`. */
export function baseOf(term: string): number {
  let low = 0x9e3779b9
  let high = 0x85ebca6b
  for (let i = 0; i < term.length; i++) {
    const unit = term.charCodeAt(i)
    low = Math.imul(low ^ unit, 2654435761)
    high = Math.imul(high ^ unit, 1597334677)
  }
  low = Math.imul(low ^ (low >>> 16), 2246822507) ^ Math.imul(high ^ (high >>> 13), 3266489909)
  high = Math.imul(high ^ (high >>> 16), 2246822507) ^ Math.imul(low ^ (low >>> 13), 3266489909)
  return ((high & 0x7fff) * 2 ** 32 + (low >>> 0)) * levels
}

/** The code that every record has. */
export const allTerm = baseOf('all:')

/** The codes of a term with impacts of `level` and above. */
export function codesFrom(base: number, level: number): number[] {
  return Array.from({ length: levels - level }, (_, i) => base + level + i)
}

/** The code of a random sample of one in `rate` records. Counts over a sample are scaled up. */
export function sampleCode(rate: SampleRate): number {
  return baseOf(`sample:${rate}`)
}

export const sampleRates = [8, 64, 512] as const
export type SampleRate = (typeof sampleRates)[number]

/** The codes of the samples that a record is in. They depend only on its URI, so a rebuild gives the same samples. */
export function samplesOf(uri: string): number[] {
  const draw = Math.floor(baseOf(`draw:${uri}`) / levels)
  return sampleRates.filter((rate) => draw % rate === 0).map(sampleCode)
}
