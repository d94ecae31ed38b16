import { apostrophe, fold, isAscii } from './fold.ts'
import { stemOf } from './stems.ts'

/**
 * Splits text into words, for records and queries alike. Characters other than letters, marks and digits separate words.
 * Chinese, Japanese and Korean text becomes overlapping pairs of characters, so that a word is found inside another and
 * with attached particles. Thai, Lao, Khmer and Burmese are split by Unicode's dictionaries.
 */
export function wordsOf(text: string): string[] {
  return splitFolded(fold(text))
}

/** The words of a text, with what is derived from them. */
export interface AnalyzedText {
  words: readonly string[]
  /** The stems of the words, in order. */
  stems: readonly string[]
  /** Other spellings under which it is indexed: `sentinel2` for `Sentinel-2`, `era` and `5` for `ERA5`, `arctic` and `dem` for `ArcticDEM`. */
  spellings: readonly string[]
}

/** Splits a text of a record. Other spellings are added here, so that a query needs only the spelling that was typed. */
export function analyze(text: string): AnalyzedText {
  const folded = fold(text)
  const words = splitFolded(folded)
  const spellings = /[\d_-]/.test(folded) ? spellingsOf(folded) : []
  return {
    words,
    stems: words.map(stemOf),
    spellings: [...spellings, ...capitalized(text), ...apostrophized(text), ...characters(folded)],
  }
}

/** Matches a word in a text, including invisible characters and apostrophes inside it. */
export const textRun = /[\p{L}\p{M}\p{N}]+(?:[\p{Default_Ignorable_Code_Point}'’‘`′]+[\p{L}\p{M}\p{N}]+)*/gu

function splitFolded(folded: string): string[] {
  if (isAscii(folded)) {
    const words: string[] = folded.match(/[a-z\d]+/g) ?? []
    return words.some((word) => word.length > longest) ? words.map(cut) : words
  }
  return (folded.match(run) ?? []).flatMap((part) => (unspaced.test(part) ? splitUnspaced(part) : cut(part)))
}

function cut(word: string): string {
  return word.length <= longest ? word : [...word].slice(0, longest).join('')
}

function spellingsOf(folded: string): string[] {
  const parts = (folded.match(numbered) ?? []).flatMap((match) => match.split(/(?<=\D)(?=\d)/))
  return [...joinedSpellings(folded), ...parts]
}

/** The parts of names that are joined by capitals: `arctic` and `dem` for `ArcticDEM`. */
function capitalized(text: string): string[] {
  if (!/\p{Ll}\p{Lu}/u.test(text)) return []
  const names = (text.match(/\p{L}+/gu) ?? []).filter((letters) => /\p{Ll}\p{Lu}/u.test(letters))
  return names
    .flatMap((name) => wordsOf(name.replaceAll(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ')))
    .filter((part) => part.length > 1)
}

/** Other spellings of names with an apostrophe: `brien` for `O'Brien`, `darcy` for `d'Arcy`. */
function apostrophized(text: string): string[] {
  // Match only from the beginning of a word: matching from each letter would take time quadratic in its length.
  const names = text.match(/(?<![\p{L}\p{M}])[\p{L}\p{M}]+(?:['’‘`′][\p{L}\p{M}]+)+/gu) ?? []
  return names
    .flatMap((name) => [name.replaceAll(apostrophe, ''), ...name.split(apostrophe)])
    .flatMap(wordsOf)
    .filter((part) => part.length > 2)
}

/** The single characters that can be words by themselves in Chinese and Korean. */
function characters(folded: string): string[] {
  return isAscii(folded) ? [] : [...new Set(folded.match(/[\p{sc=Han}\p{sc=Hangul}]/gu))]
}

/** The hyphenated words of a folded text without hyphens: `xray` for `x-ray`, `goes16` for `goes-16`, `978316` for `978-3-16`. */
export function joinedSpellings(folded: string): string[] {
  const joined = (folded.match(hyphenated) ?? []).map((match) => match.replaceAll(/[-_.]/g, ''))
  return joined.filter((word) => word.length <= 40)
}

/** Words without a meaning of their own; indexed in titles only. */
export const stopWords: ReadonlySet<string> = new Set(
  `a about after all also an and any are as at be been but by can do for from had has have how i if in into is it its
   me more most my no not of on or our so some such than that the their them then there these they this those to was
   we were what when where which who will with you your`.split(/\s+/),
)

/** Words that only form a question and do not say what is searched for. */
export const askingWords: ReadonlySet<string> = new Set(
  `could did does each find get give like looking made make many much need over per should show use used using via want
   within would`.split(/\s+/),
)

const longest = 64
const run = /[\p{L}\p{M}\p{N}]+/gu
/** Scripts that are written without spaces, and Korean, which attaches particles to words and joins words. */
const unspaced =
  /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Hangul}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
const inDictionaries = /[\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
const dictionaries = new Intl.Segmenter('en', { granularity: 'word' })
const hyphenated =
  /(?<![\p{L}\p{N}])(?:[a-z]{1,12}\.\d{1,6}[a-z]?|[\p{L}\p{N}]{1,24}(?:[-_][\p{L}\p{N}]{1,24}){1,4})(?![\p{L}\p{N}-])/gu
const numbered = /(?<![\p{L}\p{N}])[a-z]{2,12}\d{1,4}(?![\p{L}\p{N}])/gu

function splitUnspaced(part: string): string[] {
  return part.split(/((?:[a-z]|\d)+)/).flatMap((piece) => {
    if (piece === '' || /^[a-z\d]/.test(piece)) return piece === '' ? [] : cut(piece)
    if (inDictionaries.test(piece)) return dictionaryWords(piece)
    const all = [...piece]
    if (all.length < 3) return piece
    return all.slice(1).map((character, i) => `${all[i]}${character}`)
  })
}

function dictionaryWords(piece: string): string[] {
  return Array.from(dictionaries.segment(piece), ({ segment }) => cut(segment)).filter((word) =>
    /[\p{L}\p{N}]/u.test(word),
  )
}
