import { baseOf, levels } from './codes.ts'
import { fold } from './fold.ts'
import { stemOf } from './stems.ts'
import { type AnalyzedText, stopWords } from './words.ts'

/** How much a field counts (BM25F): `weight` for each occurrence, and less the more words it has than `usualWords`. */
export interface FieldRule {
  weight: number
  usualWords: number
  /** From 0, where length does not matter, to 1, where twice the length halves the weight. */
  lengthPenalty: number
  keepStopWords?: boolean
}

export interface Field {
  rule: FieldRule
  text: AnalyzedText
}

/** The weight at which a term has half of the highest impact. */
const saturation = 3.5

/** The codes of all words in these fields: for each word one with impact 0, and one with its impact over all fields. */
export function codesOfFields(fields: readonly Field[]): number[] {
  const weights = new Map<string, number>()
  for (const { rule, text } of fields) addField(weights, rule, text)
  return [...weights].flatMap(([term, weight]) => {
    const base = baseOf(term)
    return [base, base + levelOf(weight)]
  })
}

/** The stems of texts in order, separated by spaces. A record has a phrase if this text contains the phrase's stems. */
export function phraseText(texts: readonly AnalyzedText[]): string {
  return texts.map(({ stems }) => ` ${stems.join(' ')} `).join('\n')
}

function addField(
  weights: Map<string, number>,
  rule: FieldRule,
  { words, stems, spellings }: AnalyzedText,
): void {
  const length = Math.max(words.length, 1)
  const each = rule.weight / (1 - rule.lengthPenalty + (rule.lengthPenalty * length) / rule.usualWords)
  const add = (stem: string) => weights.set(stem, (weights.get(stem) ?? 0) + each)
  for (let i = 0; i < words.length; i++) {
    if (rule.keepStopWords || !stopWords.has(words[i]!)) add(stems[i]!)
  }
  for (const spelling of spellings) add(stemOf(spelling))
}

function levelOf(weight: number): number {
  return Math.min(levels - 1, Math.max(1, Math.floor((levels * weight) / (weight + saturation))))
}

/** One term for each pair of neighboring words, so that words that occur side by side score higher. */
export function pairsOf({ words, stems }: AnalyzedText): string[] {
  const telling = stems.filter((_, i) => !stopWords.has(words[i]!))
  return telling.slice(1).map((stem, i) => pairTerm(telling[i]!, stem))
}

export function pairTerm(first: string, second: string): string {
  return `pair:${first} ${second}`
}

/** The term of a value that is filtered by as a whole, in canonical spelling. */
export function filterTerm(field: string, value: string): string {
  return `${field}:${fold(value).replaceAll(/\s+/g, ' ').trim()}`
}
