import { type SQL, sql } from 'drizzle-orm'
import { anyIdOf } from '../../sql.ts'
import type { Clause } from '../query/query.ts'
import { stopWords } from '../query/words.ts'
import { baseOf } from '../terms/codes.ts'
import { filterTerm, pairTerm } from '../terms/impacts.ts'
import { type Alias, anyCode, column, hasCode, hasTerm } from '../terms/row-terms.ts'
import type { TermStatistics } from '../terms/statistics.ts'

/** A word that ranks what matches it. */
export interface Word {
  stem: string
  base: number
  /** Inverse document frequency, in hundredths. */
  weight: number
  records: number
  above: readonly number[] | null
}

/** A condition that an index can look up. */
export interface Need {
  /** As the index is asked. */
  lookUp: (alias: Alias) => SQL
  /** As a row is asked that was found otherwise. */
  holds: (alias: Alias) => SQL
  /** About how many rows meet it. */
  records: number
  /** Of a word: the code that says it is there. */
  base?: number
  /** Of terms: the codes of which a row has one. */
  terms?: readonly number[]
  /** Of certain rows: which. */
  ids?: readonly number[]
}

/** A condition that only a row itself can answer. */
export interface Check {
  holds: (alias: Alias) => SQL
  /** The same, of what the index in memory keeps of a row; absent where it does not keep it. */
  test?: RowTest
}

export type RowTest =
  /** A value within bounds, both included; -1 where unknown. Microseconds, bytes, counts or days. */
  | {
      kind: 'range'
      column: 'created' | 'size' | 'torrents' | 'seeders' | 'deadline'
      min: number
      max: number
    }
  /** No word or term of these; or not all of them. */
  | { kind: 'without'; words: readonly number[]; terms: readonly number[]; together: boolean }

/** Whether the words of a phrase stand side by side in a row; each corpus keeps its text in its own way. */
export type PhraseCheck = (clause: Clause, alias: Alias) => SQL

/** What a query asks for, in the terms of the index. */
export interface Asked {
  /** Words that every result has, or most of, in the order typed. */
  words: Word[]
  /** Words that only help to rank, such as `dataset`. */
  hints: Word[]
  needs: Need[]
  /** Conditions that only a row itself can answer. */
  checks: Check[]
  /** Pairs of neighbouring words. */
  pairs: { base: number; weight: number }[]
}

/** Everything here is a dataset: these words say nothing of which. */
const hintWords = new Set('data dataset dataset databas download file archiv'.split(' '))

/** Every term of the clauses whose statistics are needed. */
export function basesOf(clauses: readonly Clause[]): number[] {
  return clauses.flatMap((clause) => [...clause.stems, ...clause.spellings, ...termsOf(clause)].map(baseOf))
}

/** Clauses about fields must not name one that the corpus does not have; the caller has resolved authors. */
export function askFor(
  clauses: readonly Clause[],
  statistics: TermStatistics,
  phraseStands: PhraseCheck,
): Asked {
  const asked: Asked = { words: [], hints: [], needs: [], checks: [], pairs: [] }
  const wanted = clauses.filter((clause) => !clause.excluded)
  const texts = wanted.filter((clause) => clause.field === 'text')
  const onlyHints = texts.every((clause) => clause.stems.every((stem) => hintWords.has(stem)))
  for (const clause of clauses) {
    if (clause.excluded) asked.checks.push(exclusionOf(clause, phraseStands))
    else if (clause.field !== 'text') asked.needs.push(...needsOf(clause, statistics))
    else if (clause.phrase) {
      addPhrase(asked, clause, statistics)
      asked.checks.push({ holds: (alias) => phraseStands(clause, alias) })
    } else {
      const word = wordOf(clause.stems[0]!, statistics)
      if (hintWords.has(word.stem) && !onlyHints) asked.hints.push(word)
      else asked.words.push(word)
      for (const spelling of clause.spellings) asked.hints.push(wordOf(spelling, statistics))
    }
  }
  asked.pairs = pairsOf(texts, statistics)
  return asked
}

export function wordOf(stem: string, statistics: TermStatistics): Word {
  const base = baseOf(stem)
  const { records, above } = statistics.of(base)
  return { stem, base, records, above, weight: weightOf(records, statistics.records) }
}

export function wordNeed(word: Word): Need {
  return {
    lookUp: (alias) => anyCode(alias, [word.base]),
    holds: (alias) => hasTerm(alias, word.base),
    records: word.records,
    base: word.base,
  }
}

/** That the row has the term, which has no impacts; about as often as the statistics say. */
export function termNeed(terms: readonly string[], statistics: TermStatistics): Need {
  const bases = terms.map(baseOf)
  return {
    lookUp: (alias) => anyCode(alias, bases),
    holds: (alias) =>
      sql`(${sql.join(
        bases.map((base) => hasCode(alias, base)),
        sql` OR `,
      )})`,
    records: bases.reduce((sum, base) => sum + statistics.of(base).records, 0),
    terms: bases,
  }
}

/** That the row is one of these. */
export function idNeed(ids: readonly number[]): Need {
  const among = (alias: Alias) => sql`${column(alias, 'id')} = ${anyIdOf(ids)}`
  return { lookUp: among, holds: among, records: ids.length, ids }
}

/** The terms that stand for a clause about a field; any one of them will do for each element. */
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

function needsOf(clause: Clause, statistics: TermStatistics): Need[] {
  const terms = termsOf(clause)
  return clause.field === 'format'
    ? [termNeed(terms, statistics)]
    : terms.map((term) => termNeed([term], statistics))
}

/** A phrase is looked up by its words, and its order is checked in the row's own text. */
function addPhrase(asked: Asked, clause: Clause, statistics: TermStatistics): void {
  const indexed = clause.stems.filter((_, i) => !stopWords.has(clause.words[i]!))
  for (const stem of indexed) {
    const word = wordOf(stem, statistics)
    asked.hints.push(word)
    asked.needs.push(wordNeed(word))
  }
}

function exclusionOf(clause: Clause, phraseStands: PhraseCheck): Check {
  const holds = (alias: Alias) => sql`NOT ${matches(clause, alias, phraseStands)}`
  if (clause.phrase && clause.field === 'text') return { holds }
  const isWord = clause.field === 'text'
  return {
    holds,
    test: {
      kind: 'without',
      words: isWord ? [baseOf(clause.stems[0]!)] : [],
      terms: isWord ? [] : termsOf(clause).map(baseOf),
      together: clause.field !== 'format',
    },
  }
}

function matches(clause: Clause, alias: Alias, phraseStands: PhraseCheck): SQL {
  if (clause.field === 'text') {
    return clause.phrase ? phraseStands(clause, alias) : hasTerm(alias, baseOf(clause.stems[0]!))
  }
  const held = termsOf(clause).map((term) => hasCode(alias, baseOf(term)))
  if (held.length === 0) return sql`false`
  return sql`(${sql.join(held, clause.field === 'format' ? sql` OR ` : sql` AND `)})`
}

function pairsOf(texts: readonly Clause[], statistics: TermStatistics): Asked['pairs'] {
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
