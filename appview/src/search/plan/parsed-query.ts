import { baseOf } from '../../search-terms/codes.ts'
import { filterTerm, pairTerm } from '../../search-terms/impacts.ts'
import { stemOf } from '../../search-terms/stems.ts'
import type { TermStatistics } from '../../search-terms/term-statistics.ts'
import { stopWords } from '../../search-terms/words.ts'
import type { Clause } from '../query/query.ts'
import { synonymShare, synonymsOf } from '../query/synonyms.ts'
import type { Filter, Phrase, RequiredTerm } from './conditions.ts'

/** A word of a query, with its statistics. */
export interface Word {
  stem: string
  base: number
  /** Inverse document frequency, in hundredths. */
  weight: number
  records: number
  above: readonly number[] | null
}

/** A query in the terms of the index. */
export interface ParsedQuery {
  /** Words of which a result has all or most, in the order typed. */
  words: Word[]
  /** Words that only help to rank, such as `dataset`. */
  hints: Word[]
  required: RequiredTerm[]
  phrases: Phrase[]
  /** Pairs of neighboring words. */
  pairs: { base: number; weight: number }[]
  /** The number and the weight of the words in phrases, which every result has. */
  inPhrases: { words: number; weight: number }
}

/** Words that describe every record of the index, and so do not help to find one. */
const hintWords = new Set('data dataset databas download file archiv'.split(' '))

/** The codes of all terms of the clauses whose statistics are needed. */
export function basesOf(clauses: readonly Clause[]): number[] {
  const stems = clauses.flatMap((clause) => [...clause.stems, ...clause.spellings, ...termsOf(clause)])
  return [...stems, ...otherWords(clauses)].map(baseOf)
}

/** How many words of a query are searched for by their synonyms, too. Each costs a look-up in every result. */
const mostWidened = 12

function otherWords(clauses: readonly Clause[]): string[] {
  const typed = clauses.filter(({ excluded, field, phrase }) => !excluded && field === 'text' && !phrase)
  const stems = new Set(typed.flatMap((clause) => clause.stems))
  const others = typed
    .slice(0, mostWidened)
    .flatMap((clause) => clause.stems.flatMap(synonymsOf))
    .map(stemOf)
  return [...new Set(others)].filter((stem) => !stems.has(stem))
}

/**
 * Makes a query of the clauses; `exclusionsOf` handles those that exclude. The caller has resolved authors, and removed
 * clauses about fields that the corpus does not have.
 */
export function weigh(clauses: readonly Clause[], statistics: TermStatistics): ParsedQuery {
  const wanted = clauses.filter((clause) => !clause.excluded)
  const texts = wanted.filter((clause) => clause.field === 'text')
  const query: ParsedQuery = {
    words: [],
    hints: [],
    required: [],
    phrases: phrasesOf(clauses),
    pairs: pairsOf(texts, statistics),
    inPhrases: { words: 0, weight: 0 },
  }
  const onlyHints = texts.every((clause) => clause.stems.every((stem) => hintWords.has(stem)))
  for (const clause of wanted) {
    if (clause.field !== 'text') query.required.push(...fieldTerms(clause))
    else if (clause.phrase) addPhraseWords(query, clause, statistics)
    else {
      const word = wordOf(clause.stems[0]!, statistics)
      if (hintWords.has(word.stem) && !onlyHints) query.hints.push(word)
      else query.words.push(word)
      for (const spelling of clause.spellings) query.hints.push(wordOf(spelling, statistics))
    }
  }
  for (const other of otherWords(clauses)) {
    const word = wordOf(other, statistics)
    query.hints.push({ ...word, weight: Math.ceil(synonymShare * word.weight) })
  }
  return query
}

export function wordOf(stem: string, statistics: TermStatistics): Word {
  const base = baseOf(stem)
  const { records, above } = statistics.of(base)
  return { stem, base, records, above, weight: weightOf(records, statistics.records) }
}

/** The condition that a row has the word. */
export function hasWord({ base }: Pick<Word, 'base'>): RequiredTerm {
  return { kind: 'word', base }
}

/** The condition that a row has one of these terms. */
export function anyTerm(terms: readonly string[]): RequiredTerm {
  return { kind: 'any-term', bases: terms.map(baseOf) }
}

/** About how many rows meet it, by the statistics. */
export function recordsOf(term: RequiredTerm, statistics: TermStatistics): number {
  switch (term.kind) {
    case 'word':
      return statistics.of(term.base).records
    case 'any-term':
      return term.bases.reduce((sum, base) => sum + statistics.of(base).records, 0)
    case 'any-row':
      return term.ids.length
    case 'every-row':
      return statistics.records
  }
}

/** The phrases that a result must have. */
export function phrasesOf(clauses: readonly Clause[]): Phrase[] {
  return clauses.filter(({ excluded }) => !excluded).flatMap((clause) => phraseOf(clause) ?? [])
}

/** The filters for what clauses exclude. Excluded words are never corrected, so these are the same in every spelling. */
export function exclusionsOf(clauses: readonly Clause[]): Filter[] {
  // `-has:` is not about a term; `hasFilters` handles it.
  return clauses.filter(({ excluded, field }) => excluded && field !== 'has').map(exclusionOf)
}

function exclusionOf(clause: Clause): Filter {
  const phrase = phraseOf(clause)
  if (phrase) return { kind: 'excluded-phrase', phrase }
  if (clause.field === 'text') return { kind: 'excluded-word', base: baseOf(clause.stems[0]!) }
  const bases = termsOf(clause).map(baseOf)
  return { kind: 'excluded-terms', bases, share: clause.field === 'format' ? 'any' : 'all' }
}

function phraseOf({ field, phrase, words, stems }: Clause): Phrase | undefined {
  return field === 'text' && phrase ? { kind: 'phrase', words, stems } : undefined
}

/** The terms of a clause about a field. A match has all of them, or for a format one of the two. */
function termsOf({ field, value, stems }: Clause): string[] {
  if (field === 'title') return stems.map((stem) => `title:${stem}`)
  if (field === 'publisher') return stems.map((stem) => `publisher~${stem}`)
  if (field === 'people') return stems.map((stem) => `people:${stem}`)
  if (field === 'author') return [`author:${value}`]
  if (field === 'format') return [filterTerm('format', value), filterTerm('keyword', value)]
  if (field === 'keyword' || field === 'license' || field === 'risk' || field === 'scarcity')
    return [filterTerm(field, value)]
  return []
}

function fieldTerms(clause: Clause): RequiredTerm[] {
  const terms = termsOf(clause)
  return clause.field === 'format' ? [anyTerm(terms)] : terms.map((term) => anyTerm([term]))
}

/** Requires the words of a phrase, by which rows are found; their order is then checked in the text of each row. */
function addPhraseWords(query: ParsedQuery, clause: Clause, statistics: TermStatistics): void {
  const indexed = clause.stems.filter((_, i) => !stopWords.has(clause.words[i]!))
  for (const stem of indexed) {
    const word = wordOf(stem, statistics)
    query.hints.push(word)
    query.required.push(hasWord(word))
    const { words, weight } = query.inPhrases
    query.inPhrases = { words: words + 1, weight: weight + word.weight }
  }
}

function pairsOf(texts: readonly Clause[], statistics: TermStatistics): ParsedQuery['pairs'] {
  const stems = texts.flatMap((clause) => clause.stems.filter((_, i) => !stopWords.has(clause.words[i]!)))
  return stems.slice(1).map((stem, i) => {
    const weight = weightOf(statistics.of(baseOf(stem)).records, statistics.records)
    const before = weightOf(statistics.of(baseOf(stems[i]!)).records, statistics.records)
    return { base: baseOf(pairTerm(stems[i]!, stem)), weight: weight + before }
  })
}

function weightOf(records: number, all: number): number {
  if (all === 0) return 100
  const rest = Math.max(all - records, 0)
  return Math.max(1, Math.round(100 * Math.log(1 + (rest + 0.5) / (records + 0.5))))
}
