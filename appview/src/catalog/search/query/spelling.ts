import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'
import { planBy } from '../ranking/planner.ts'
import { baseOf } from '../terms/codes.ts'
import { anyCode } from '../terms/row-terms.ts'
import { type CorpusName, readTermStatistics, type TermStatistics } from '../terms/statistics.ts'
import { stemOf } from './words.ts'

/** The words of these that no visible record has. Words that the statistics know are taken to be in use. */
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
      SELECT FROM ${table} d WHERE d.visible::int = 1 AND ${anyCode('d', [baseOf(stemOf(word))])})`,
  )
  const found = await rows<{ n: number }>(tx, sql.join(tests, sql` UNION ALL `))
  return found.map((row) => doubtful[row.n]!)
}

/**
 * The likeliest word meant by one that nobody uses: the fewest typing errors, then the most records. Undefined when
 * nothing in the vocabulary is near.
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

/** Damerau–Levenshtein distance (neighbours swapped count once), or more than `most` as soon as it must be. */
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
