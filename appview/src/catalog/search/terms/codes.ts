/**
 * A record is indexed as a sorted array of codes: 47 bits of a hash of a term and six bits that say how much the record
 * is about it (its impact, 1 to 63; 0 says only that it has the term, and a word has that code beside its impact). So
 * one GIN index answers "has the term" by one code and "is much about the term" by the upper ones, and the score of a
 * row is read from its own array. Codes stay below 2^53 and are plain numbers.
 */
export const levels = 64

/** The code that says that a record has the term: its hash, at impact 0. Terms of other kinds than words are `kind:value`. */
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

/** The codes of a term from an impact upwards. */
export function codesFrom(base: number, level: number): number[] {
  return Array.from({ length: levels - level }, (_, i) => base + level + i)
}

/** What marks a fixed share of all records, by chance: one in `rate`. Counts over them are scaled up. */
export function sampleCode(rate: SampleRate): number {
  return baseOf(`sample:${rate}`)
}

export const sampleRates = [8, 64, 512] as const
export type SampleRate = (typeof sampleRates)[number]

/** The samples a record is in, decided by its URI, so that a rebuild draws the same ones. */
export function samplesOf(uri: string): number[] {
  const draw = Math.floor(baseOf(`draw:${uri}`) / levels)
  return sampleRates.filter((rate) => draw % rate === 0).map(sampleCode)
}
