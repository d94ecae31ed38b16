import { baseOf, levels } from './codes.ts'
import { fold, spellingsOf, stemOf, stopWords, wordsOf } from './words.ts'

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
  text: string
}

/** A term once reaches half of the highest impact at this weight. */
const saturation = 2

/** The codes of all words in these fields, each with the impact it has over all of them. */
export function codesOfFields(fields: readonly Field[]): number[] {
  const weights = new Map<string, number>()
  for (const { rule, text } of fields) addField(weights, rule, text)
  return [...weights].map(([term, weight]) => baseOf(term) + levelOf(weight))
}

/** Folded words of a text as a query would spell them, for completions and the correction of spelling. */
export function vocabularyOf(text: string): Set<string> {
  return new Set(wordsOf(text).filter((word) => word.length >= 3 && word.length <= 30 && /\p{L}/u.test(word)))
}

/** The stems of a text in order, between spaces: a phrase stands in it if it is a part of it. */
export function phraseText(texts: readonly string[]): string {
  return texts.map((text) => ` ${wordsOf(text).map(stemOf).join(' ')} `).join('\n')
}

function addField(weights: Map<string, number>, rule: FieldRule, text: string): void {
  const words = wordsOf(text)
  const length = Math.max(words.length, 1)
  const each = rule.weight / (1 - rule.lengthPenalty + (rule.lengthPenalty * length) / rule.usualWords)
  for (const word of [...words, ...spellingsOf(text)]) {
    if (!rule.keepStopWords && stopWords.has(word)) continue
    const stem = stemOf(word)
    weights.set(stem, (weights.get(stem) ?? 0) + each)
  }
}

function levelOf(weight: number): number {
  return Math.min(levels - 1, Math.floor((levels * weight) / (weight + saturation)))
}

/** Neighbouring words of a text as one term each: words that stand together in a title count for more. */
export function pairsOf(text: string): string[] {
  const stems = wordsOf(text)
    .filter((word) => !stopWords.has(word))
    .map(stemOf)
  return stems.slice(1).map((stem, i) => pairTerm(stems[i]!, stem))
}

export function pairTerm(first: string, second: string): string {
  return `pair:${first} ${second}`
}

/** The one spelling of a value that is filtered by as a whole. */
export function filterTerm(field: string, value: string): string {
  return `${field}:${fold(value).replaceAll(/\s+/g, ' ').trim()}`
}
