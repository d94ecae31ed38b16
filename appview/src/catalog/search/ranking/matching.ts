import { type SQL, sql } from 'drizzle-orm'
import type { Corpus } from '../corpora/corpus.ts'
import { type Alias, hasCode, hasTerm, int, termScore } from '../terms/row-terms.ts'
import { and } from './candidates.ts'
import type { Asked } from './needs.ts'

/** Whether records must have all the words, or most of them by weight. */
export type MatchMode = 'all' | 'most'

/** The share of the words' weight that a record must have where it need not have all. */
export const mostOfWeight = 0.2
/** What two neighbouring words count for when they stand side by side in a title, a name, a keyword or an opening. */
export const pairImpact = 5

/** All that a row must meet. */
export function matchesOf(asked: Asked, mode: MatchMode, alias: Alias): SQL {
  const fixed = [
    ...asked.needs.map((need) => need.holds(alias)),
    ...asked.checks.map((check) => check.holds(alias)),
  ]
  if (mode === 'all' || asked.words.length < 2)
    return and([...asked.words.map((word) => hasTerm(alias, word.base)), ...fixed])
  const total = asked.words.reduce((sum, word) => sum + word.weight, 0)
  const held = asked.words.map((word) => sql`${hasTerm(alias, word.base)}::int * ${int(word.weight)}`)
  return and([sql`${sql.join(held, sql` + `)} >= ${int(Math.ceil(mostOfWeight * total))}`, ...fixed])
}

/** Whole numbers, so that a score is the same whenever it is computed. */
export function scoreOf(corpus: Corpus, asked: Asked, alias: Alias): SQL {
  const terms = [
    ...[...asked.words, ...asked.hints].map((word) => termScore(alias, word.base, word.weight)),
    ...asked.pairs.map((pair) => sql`${hasCode(alias, pair.base)}::int * ${int(pair.weight * pairImpact)}`),
  ]
  return sql`((${sql.join(terms, sql` + `)}) * (100 + ${corpus.boost(alias)}))::bigint`
}

/** In the order in which a cursor carries them. */
export function weightsOf(asked: Asked): number[] {
  return [...asked.words, ...asked.hints, ...asked.pairs].map((item) => item.weight)
}
