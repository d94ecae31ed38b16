import { allTerm } from '../../../search-terms/codes.ts'
import type { RequiredTerm } from '../../plan/conditions.ts'
import {
  enoughOf,
  hintPresence,
  type MatchMode,
  pairImpact,
  wantsAll,
  wordPresence,
} from '../../plan/matching.ts'
import type { ParsedQuery } from '../../plan/parsed-query.ts'
import { type RowTest, rowTestOf } from './row-tests.ts'
import type { SupportedRequest } from './supports.ts'

/** A query as it is put to a segment. Terms are given by their codes (`baseOf`). */
export interface SegmentQuery {
  /** Words that a match must have: all of them, or enough of them if `enough` is not 0. Heaviest first. */
  readonly words: readonly WeighedWord[]
  /** The least weight of the words that a match has; 0 if it must have all words. */
  readonly enough: number
  /** Words that a match need not have; they add to its score. */
  readonly hints: readonly WeighedWord[]
  /** Pairs of neighboring words, which also only add to the score. */
  readonly pairs: readonly { readonly base: number; readonly score: number }[]
  /** A match must have one of each. */
  readonly required: readonly AnyOf[]
  readonly tests: readonly RowTest[]
  /** Whether scores are needed. */
  readonly ranked: boolean
}

export interface WeighedWord {
  readonly base: number
  readonly weight: number
  /** Added to the impact of a word that a dataset has. */
  readonly presence: number
}

export interface AnyOf {
  readonly words: readonly number[]
  readonly terms: readonly number[]
  readonly ids: readonly number[]
}

/** Ignores phrases, because requests with phrases go to the store (`supportsRequest`). */
export function segmentQueryOf(
  query: Omit<ParsedQuery, 'phrases'>,
  mode: MatchMode,
  { filters, sort }: Pick<SupportedRequest, 'filters' | 'sort'>,
): SegmentQuery {
  const whole = wantsAll(query, mode)
  const enough = whole ? 0 : enoughOf(query, mode)
  const words = query.words
    .map(({ base, weight }) => ({ base, weight, presence: wordPresence }))
    .sort((a, b) => b.weight - a.weight)
  const hints = query.hints.map(({ base, weight }) => ({ base, weight, presence: hintPresence }))
  const wanted = whole || enough > 0
  return {
    words: wanted ? words : [],
    enough,
    hints: wanted ? hints : [...words, ...hints],
    pairs: query.pairs.map(({ base, weight }) => ({ base, score: weight * pairImpact })),
    required: query.required.map(anyOf),
    tests: filters.map(rowTestOf),
    ranked: sort.by === 'relevance',
  }
}

const none: AnyOf = { words: [], terms: [], ids: [] }

function anyOf(term: RequiredTerm): AnyOf {
  switch (term.kind) {
    case 'word':
      return { ...none, words: [term.base] }
    case 'any-term':
      return { ...none, terms: term.bases }
    case 'any-row':
      return { ...none, ids: term.ids }
    case 'every-row':
      return { ...none, terms: [allTerm] }
  }
}
