import { type MatchMode, mostOfWeight, pairImpact } from '../../ranking/matching.ts'
import type { Asked, RowTest } from '../../ranking/needs.ts'

/** A query as a segment is asked. Codes are those of `baseOf`. */
export interface Plan {
  /** Words that every match has; or enough of, where `enough` is not 0. Heaviest first. */
  readonly words: readonly WeighedWord[]
  /** The weight of words that a match has at least; 0 where it must have all. */
  readonly enough: number
  /** Words that only add to a score. */
  readonly hints: readonly WeighedWord[]
  /** Pairs of words that only add to a score. */
  readonly pairs: readonly { readonly base: number; readonly score: number }[]
  /** Of each, every match has one. */
  readonly needs: readonly AnyOf[]
  readonly tests: readonly RowTest[]
  /** Whether scores are wanted. */
  readonly ranked: boolean
}

export interface WeighedWord {
  readonly base: number
  readonly weight: number
}

export interface AnyOf {
  readonly words: readonly number[]
  readonly terms: readonly number[]
  readonly ids: readonly number[]
}

/** @throws Error where something is asked for that only the store can tell */
export function planOf(asked: Asked, mode: MatchMode, ranked: boolean): Plan {
  const tests = asked.checks.map(({ test }) => {
    if (!test) throw new Error('a check that only the store can make was put to the index in memory')
    return test
  })
  const words = asked.words.toSorted((a, b) => b.weight - a.weight)
  const total = words.reduce((sum, word) => sum + word.weight, 0)
  return {
    words,
    enough: mode === 'most' && words.length > 1 ? Math.ceil(mostOfWeight * total) : 0,
    hints: asked.hints,
    pairs: asked.pairs.map(({ base, weight }) => ({ base, score: weight * pairImpact })),
    needs: asked.needs.map((need) => ({
      words: need.base === undefined ? [] : [need.base],
      terms: need.terms ?? [],
      ids: need.ids ?? [],
    })),
    tests,
    ranked,
  }
}
