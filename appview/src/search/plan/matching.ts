/**
 * Which records match, and how well; in whole numbers, so that both engines and every page agree. A word weighs more the
 * rarer it is. By relevance, a record need not have all words: it must have a share of their weight, which is greater the
 * fewer words there are, so that of two words both are required, and of a sentence only a part. The score is the sum, over
 * the words, of the word's weight times its impact plus a constant for having it (`wordPresence`); words that stand side
 * by side add to it.
 */
import type { ParsedQuery } from './parsed-query.ts'

/** Whether a record must have all words, most of them by weight, or some. */
export type MatchMode = 'all' | 'most' | 'some'

/** Added to the impact (1 to 63) of each word that a record has, so that records with more of the words come first. */
export const wordPresence = 9
export const hintPresence = 1
/** The impact of two neighboring words of a query that stand side by side in a title, name, keyword or opening, too. */
export const pairImpact = 4

/** The share of the words' weight that a record must have. */
function shareOf(mode: MatchMode, words: number): number {
  if (mode === 'some') return 0.2
  return Math.max(0.25, 0.8 - 0.1 * words)
}

/**
 * The weight of words that a record must have; 0 if the other conditions are enough. The words of a phrase count, because
 * every match has them.
 */
export function enoughOf(
  { words, inPhrases }: Pick<ParsedQuery, 'words' | 'inPhrases'>,
  mode: MatchMode,
): number {
  const total = words.reduce((sum, word) => sum + word.weight, 0)
  if (mode === 'all') return total
  const share = shareOf(mode, words.length + inPhrases.words)
  return Math.max(0, Math.ceil(share * (total + inPhrases.weight)) - inPhrases.weight)
}

/** Whether a record must have all words. This is cheaper to look up than a share of their weight. */
export function wantsAll(
  { words, inPhrases }: Pick<ParsedQuery, 'words' | 'inPhrases'>,
  mode: MatchMode,
): boolean {
  return mode === 'all' || (words.length < 2 && inPhrases.words === 0)
}

/** The weights in the order in which a cursor contains them. */
export function weightsOf({ words, hints, pairs }: ParsedQuery): number[] {
  return [...words, ...hints, ...pairs].map((item) => item.weight)
}
