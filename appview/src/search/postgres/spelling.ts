import { sql } from 'drizzle-orm'
import { shownByCode } from '../../catalog/shown.ts'
import { baseOf } from '../../search-terms/codes.ts'
import { anyCode } from '../../search-terms/row-terms.ts'
import { readTermStatistics } from '../../search-terms/statistics.ts'
import { stemOf } from '../../search-terms/stems.ts'
import type { CorpusName, TermStatistics } from '../../search-terms/term-statistics.ts'
import { beginSearch, planBy } from '../../store/planner.ts'
import { type Db, rows } from '../../store/sql.ts'
import { searchInTurn } from './search-in-turn.ts'

/** Finds those of the words that no visible record has. Words in the statistics count as used without a look-up. */
export async function findUnknown(
  tx: Db,
  corpus: CorpusName,
  words: readonly string[],
  statistics?: TermStatistics,
): Promise<string[]> {
  const doubtful = words.filter((word) => !statistics?.has(baseOf(stemOf(word))))
  if (doubtful.length === 0) return []
  await planBy(tx, 'bitmap')
  const table = sql.raw(`catalog.${corpus}`)
  const tests = doubtful.map(
    (word, i) => sql`SELECT ${sql.raw(String(i))} AS n WHERE NOT EXISTS (
      SELECT FROM ${table} d WHERE ${shownByCode('d')} AND ${anyCode('d', [baseOf(stemOf(word))])})`,
  )
  const found = await rows<{ n: number }>(tx, sql.join(tests, sql` UNION ALL `))
  return found.map((row) => doubtful[row.n]!)
}

/**
 * Finds the likeliest correct spelling of a word that no record has: the one with the fewest typing errors, then with the
 * most records. Undefined if no word of the vocabulary is similar.
 */
export async function correctWord(tx: Db, corpus: CorpusName, word: string): Promise<string | undefined> {
  if (word.length < 4 || word.length > 30 || !/\p{L}/u.test(word)) return undefined
  await planBy(tx, 'bitmap')
  await tx.execute(sql`SELECT set_config('pg_trgm.similarity_threshold', '0.25', true)`)
  const similar = await rows<{ key: string; base: number }>(
    tx,
    sql`SELECT key, base FROM catalog.vocabulary WHERE kind = 'word' AND key % ${word}
        AND length(key) BETWEEN ${word.length - 2} AND ${word.length + 2} ORDER BY similarity(key, ${word}) DESC LIMIT 60`,
  )
  const errorsAllowed = word.length < 8 ? 1 : 2
  const near = similar
    .map((candidate) => ({ ...candidate, errors: typingErrors(word, candidate.key, errorsAllowed) }))
    .filter((candidate) => candidate.errors <= errorsAllowed)
    // A different ending is likelier another form of the word than an error: `Colombia` becomes `Colombian`, not `Columbia`.
    .map((candidate) => ({
      ...candidate,
      errors: candidate.errors - (candidate.key.startsWith(word) || word.startsWith(candidate.key) ? 0.5 : 0),
    }))
  const statistics = await readTermStatistics(
    tx,
    corpus,
    near.map((candidate) => candidate.base),
  )
  const ordered = near.sort(
    (a, b) => a.errors - b.errors || statistics.of(b.base).records - statistics.of(a.base).records,
  )
  const unknown = new Set(
    await findUnknown(
      tx,
      corpus,
      ordered.slice(0, 5).map((candidate) => candidate.key),
    ),
  )
  return ordered.slice(0, 5).find((candidate) => !unknown.has(candidate.key))?.key
}

/** The same for a search in memory: in a transaction of its own, when it is its turn among the searches in the store. */
export function correctInTurn(db: Db, corpus: CorpusName, word: string): Promise<string | undefined> {
  return searchInTurn(db, async (tx) => {
    await beginSearch(tx)
    return correctWord(tx, corpus, word)
  })
}

/** The Damerau–Levenshtein distance (two swapped neighbors are one error); some number above `most` if it is more. */
export function typingErrors(a: string, b: string, most: number): number {
  if (Math.abs(a.length - b.length) > most) return most + 1
  let beforeLast: number[] = []
  let last = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1] ? 0 : 1
      let errors = Math.min(last[j]! + 1, row[j - 1]! + 1, last[j - 1]! + same)
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      if (swapped) errors = Math.min(errors, beforeLast[j - 2]! + 1)
      row.push(errors)
    }
    if (Math.min(...row) > most) return most + 1
    beforeLast = last
    last = row
  }
  return last[b.length]!
}
