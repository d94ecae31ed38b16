/**
 * What matches, and how well, in whole numbers so that both engines and every page agree. Words are weighed by how rare
 * they are. By relevance a record need not have all words: it must have a share of their weight that is greater the fewer
 * they are, so that of two words both are wanted, and of a sentence a part. The score adds up, for each word, its weight
 * times its impact; having more of the words counts by itself (`wordPresence`), and so do words that stand side by side.
 */
import type { ParsedQuery } from './parsed-query.ts'

/** Whether records must have all the words, most of them by weight, or some. */
export type MatchMode = 'all' | 'most' | 'some'

/** What having a word counts for, whatever its impact there (1 to 63): records with more of the words come first. */
export const wordPresence = 9
export const hintPresence = 1
/** What two neighboring words count for when they stand side by side in a title, a name, a keyword or an opening. */
export const pairImpact = 4

/** The share of the words' weight that a record must have. */
function shareOf(mode: MatchMode, words: number): number {
  if (mode === 'some') return 0.2
  return Math.max(0.25, 0.8 - 0.1 * words)
}

/**
 * The weight of words that a record must have; 0 where none need be there beside what else is asked for. A phrase, which
 * every match has, counts for the words in it.
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

/** Whether all words are wanted, which is cheaper to look up than most of one. */
export function wantsAll(
  { words, inPhrases }: Pick<ParsedQuery, 'words' | 'inPhrases'>,
  mode: MatchMode,
): boolean {
  return mode === 'all' || (words.length < 2 && inPhrases.words === 0)
}

/** In the order in which a cursor carries them. */
export function weightsOf({ words, hints, pairs }: ParsedQuery): number[] {
  return [...words, ...hints, ...pairs].map((item) => item.weight)
}
