/**
 * The query language: words, "phrases", -exclusions and field:value.
 *
 *     "sea ice" extent -model publisher:noaa risk:endangered format:netcdf
 *
 * Anything else is read as words: an unknown field, a single quote mark or a colon is never an error. Reading takes time
 * linear in the length of the query.
 */

import { fold } from '../../search-terms/fold.ts'
import { stemOf } from '../../search-terms/stems.ts'
import { askingWords, joinedSpellings, stopWords, wordsOf } from '../../search-terms/words.ts'
import { SearchError } from './search-error.ts'

export interface Clause {
  /** Whether results must not match it. */
  excluded: boolean
  /** The field that it is about; `text` is the whole record. */
  field: QueryField
  /** The text as typed without operators, folded. */
  value: string
  /** The stems that the field must have; side by side in this order if `phrase`. */
  stems: string[]
  /** The folded words that the stems were made from. */
  words: string[]
  phrase: boolean
  /** Stems of other spellings, such as `goes16` for `goes-16`, which raise the rank of records that have them. */
  spellings: string[]
}

export interface Query {
  clauses: Clause[]
}

const fieldNames = {
  text: 'text',
  title: 'title',
  publisher: 'publisher',
  creator: 'people',
  people: 'people',
  person: 'people',
  author: 'author',
  keyword: 'keyword',
  keywords: 'keyword',
  tag: 'keyword',
  license: 'license',
  licence: 'license',
  risk: 'risk',
  scarcity: 'scarcity',
  format: 'format',
  has: 'has',
} as const
export type QueryField = (typeof fieldNames)[keyof typeof fieldNames]
const fields: ReadonlyMap<string, QueryField> = new Map(Object.entries(fieldNames))

const longestQuery = 10_000
const mostClauses = 64
/**
 * Matches an optional `-`, an optional `field:`, then a phrase (its closing quote may be missing) or text up to a
 * space or quote.
 */
const token = /\s*(-?)(?:([a-z]+):(?=[^\s:]))?(?:"([^"]*)"?|([^\s"]+))/giy
/** Fields of which the whole value is compared, instead of its words. */
const exactFields: ReadonlySet<QueryField> = new Set([
  'author',
  'license',
  'risk',
  'scarcity',
  'format',
  'has',
  'keyword',
])

/** Reads a query. @throws SearchError InvalidQuery when it is too long. */
export function parseQuery(text: string): Query {
  if (text.length > longestQuery)
    throw invalid(`it has ${text.length} characters and may have ${longestQuery}`)
  const clauses: Clause[] = []
  token.lastIndex = 0
  for (let at = 0; ; at = token.lastIndex) {
    token.lastIndex = at
    const match = token.exec(text)
    if (!match) break
    clauses.push(...readToken(match))
    if (clauses.length > mostClauses)
      throw invalid(`at character ${at + 1} it exceeds ${mostClauses} words and conditions`)
  }
  return { clauses: withoutStopWords(unique(clauses)) }
}

/** In a spelling, says that a phrase is split into its words. */
export const apart = '~'

/**
 * Replaces words of the clauses. A spelling has one item for each clause: its new words joined by `+`, an empty text if
 * they stay as they are, or `apart`.
 */
export function respell(clauses: readonly Clause[], spelling: readonly string[]): Clause[] {
  return clauses.flatMap((c, i) => {
    const item = spelling[i]
    if (c.field !== 'text' || c.excluded || !item) return c
    if (item === apart)
      return c.words.map((word) => clause({ ...c, phrase: false, words: [word], value: word }))
    const respelled = item.split('+')
    return clause({ ...c, words: respelled, value: respelled.join(' ') })
  })
}

/** Writes clauses as somebody would type them. */
export function formatQuery(clauses: readonly Clause[]): string {
  return clauses
    .map((c) => {
      const quoted = c.phrase || /\s/.test(c.value) ? `"${c.value}"` : c.value
      return `${c.excluded ? '-' : ''}${c.field === 'text' ? '' : `${c.field}:`}${quoted}`
    })
    .join(' ')
}

function readToken(match: RegExpExecArray): Clause[] {
  const [, minus, name, quoted, bare] = match
  const excluded = minus === '-'
  const field = name === undefined ? 'text' : fields.get(name.toLowerCase())
  // What looks like an unknown field is text, as in `http://example.org` or `10:30`.
  const raw = field === undefined ? `${name}:${quoted ?? bare}` : (quoted ?? bare ?? '')
  const known = field ?? 'text'
  const words = wordsOf(raw)
  if (exactFields.has(known))
    return [clause({ excluded, field: known, words, value: fold(raw).trim(), phrase: false })]
  if (words.length === 0) return []
  const together = quoted !== undefined && words.length > 1
  if (together || excluded) {
    return [clause({ excluded, field: known, words, value: words.join(' '), phrase: words.length > 1 })]
  }
  const spellings = joinedSpellings(fold(raw)).map(stemOf)
  return words.map((word, i) => ({
    ...clause({ excluded, field: known, words: [word], value: word, phrase: false }),
    spellings: i === 0 ? spellings : [],
  }))
}

function clause(part: Omit<Clause, 'stems' | 'spellings'>): Clause {
  return { ...part, stems: part.words.map(stemOf), spellings: [] }
}

function unique(clauses: readonly Clause[]): Clause[] {
  const seen = new Map(
    clauses.map((c) => [
      `${c.excluded}|${c.field}|${c.phrase}|${c.field === 'text' ? c.stems.join(' ') : c.value}`,
      c,
    ]),
  )
  return [...seen.values()]
}

/** Drops stop words, unless there are no other words: then they are searched for in titles, where they are indexed. */
function withoutStopWords(clauses: Clause[]): Clause[] {
  const isStop = (c: Clause) => c.field === 'text' && !c.phrase && saysNothing(c.words[0]!)
  const kept = clauses.filter((c) => !isStop(c))
  return kept.some((c) => !c.excluded) ? kept : clauses
}

function saysNothing(word: string): boolean {
  return stopWords.has(word) || askingWords.has(word)
}

function invalid(why: string): SearchError {
  return new SearchError('InvalidQuery', `The query cannot be read: ${why}. Shorten it.`)
}
