import { type AnalysedText, fold, stemOf, stopWords } from '../query/words.ts'
import { baseOf, levels } from './codes.ts'

/** How a field counts: `weight` for each occurrence, less the longer the field is than `usualWords` (BM25F). */
export interface FieldRule {
  weight: number
  usualWords: number
  /** 0: length does not matter; 1: twice the length, half the weight. */
  lengthPenalty: number
  keepStopWords?: boolean
}

export interface Field {
  rule: FieldRule
  text: AnalysedText
}

/** A term once reaches half of the highest impact at this weight. */
const saturation = 2

/** The codes of all words in these fields: that they are there, and the impact each has over all of them. */
export function codesOfFields(fields: readonly Field[]): number[] {
  const weights = new Map<string, number>()
  for (const { rule, text } of fields) addField(weights, rule, text)
  return [...weights].flatMap(([term, weight]) => {
    const base = baseOf(term)
    return [base, base + levelOf(weight)]
  })
}

/** The stems of texts in order, between spaces: a phrase stands in them if it is a part of them. */
export function phraseText(texts: readonly AnalysedText[]): string {
  return texts.map(({ stems }) => ` ${stems.join(' ')} `).join('\n')
}

function addField(
  weights: Map<string, number>,
  rule: FieldRule,
  { words, stems, spellings }: AnalysedText,
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

/** Neighbouring words of a text as one term each: words that stand together where it matters count for more. */
export function pairsOf({ words, stems }: AnalysedText): string[] {
  const telling = stems.filter((_, i) => !stopWords.has(words[i]!))
  return telling.slice(1).map((stem, i) => pairTerm(telling[i]!, stem))
}

export function pairTerm(first: string, second: string): string {
  return `pair:${first} ${second}`
}

/** The one spelling of a value that is filtered by as a whole. */
export function filterTerm(field: string, value: string): string {
  return `${field}:${fold(value).replaceAll(/\s+/g, ' ').trim()}`
}
