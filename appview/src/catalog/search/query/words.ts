import { englishStem } from './english-stem.ts'

/**
 * How text becomes words, for records and queries alike. Letters lose case and accents; what is no letter, mark or
 * digit parts words; scripts written without spaces become overlapping pairs of characters. Words of a–z are stemmed
 * as English in every record, whatever its language: a word typed as it stands there is always found, and other
 * scripts are left as they are.
 */
export function wordsOf(text: string): string[] {
  return splitFolded(fold(text))
}

/** A text taken apart once, for everything that is made of it. */
export interface AnalysedText {
  words: readonly string[]
  /** Of the words, in order. */
  stems: readonly string[]
  /** Others it is found by: `Sentinel-2` as `sentinel2`, `ERA5` as `era` and `5`, `ArcticDEM` as `arctic` and `dem`. */
  spellings: readonly string[]
}

/** Takes a text apart. A query needs only its own spelling, so other spellings are made here and not there. */
export function analyse(text: string): AnalysedText {
  const folded = fold(text)
  const words = splitFolded(folded)
  const spellings = /[\d-]/.test(folded) ? spellingsOf(folded) : []
  return { words, stems: words.map(stemOf), spellings: [...spellings, ...capitalised(text)] }
}

function splitFolded(folded: string): string[] {
  if (isAscii(folded)) {
    const words: string[] = folded.match(/[a-z\d]+/g) ?? []
    return words.some((word) => word.length > longest) ? words.map((word) => word.slice(0, longest)) : words
  }
  return (folded.match(run) ?? []).flatMap((part) =>
    unspaced.test(part) ? splitUnspaced(part) : part.slice(0, longest),
  )
}

function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}

/** Lower case without accents, compatibility forms made plain (`ﬁ` → `fi`, `²` → `2`). */
export function fold(text: string): string {
  // Most text is ASCII, where folding is lower-casing.
  if (isAscii(text)) return text.toLowerCase().replaceAll(possessive, '')
  const plain = text
    .normalize('NFKD')
    .replaceAll(/[\u0300-\u036f]+/g, '')
    .toLowerCase()
  return plain
    .replaceAll(/[ßæœøłđðþı]/g, (letter) => letters[letter] ?? letter)
    .replaceAll(possessive, '')
    .normalize('NFC')
}

/** The word a folded word is indexed as. */
export function stemOf(word: string): string {
  const known = stems.get(word)
  if (known !== undefined) return known
  if (stems.size >= mostStems) stems.clear()
  const stem = englishStem(oneSpelling(word))
  stems.set(word, stem)
  return stem
}

/** British and American spellings as one: `colour`, `normalised`, `palaeoclimate`, `catalogue`. */
function oneSpelling(word: string): string {
  if (word.length < 5 || !/our|is[eai]|re|ae|sulph|gue|mme/.test(word)) return word
  return word
    .replace(/^(colo|harbo|behavio|neighbo|vapo|labo|odo|tumo|favo|hono|humo|armo)u(?=r)/, '$1')
    .replace(/(?<=^.{3,})is(?=(?:e|ed|es|ing|ations?)$)/, 'iz')
    .replace(/(?<=^(?:cent|met|lit|fib|kilomet|centimet|millimet))re(?=s?$)/, 'er')
    .replace(/(?<=^(?:pal|arch|p|leuk|an|gyn|h|f))ae(?=[cdmnogs])/, 'e')
    .replace(/^sulph/, 'sulf')
    .replace(/(?<=^(?:catalo|dialo|analo)g)ue(?=s?$)/, '')
    .replace(/(?<=^program)me(?=s?$)/, '')
}

// The same few thousand words make up most of every text.
const stems = new Map<string, string>()
const mostStems = 50_000

function spellingsOf(folded: string): string[] {
  const parts = (folded.match(numbered) ?? []).flatMap((match) => match.split(/(?<=\D)(?=\d)/))
  return [...joinedSpellings(folded), ...parts]
}

/** The parts of names that capitals part: `ArcticDEM` as `arctic` and `dem`. */
function capitalised(text: string): string[] {
  if (!/\p{Ll}\p{Lu}/u.test(text)) return []
  const names = text.match(/\p{L}*\p{Ll}\p{Lu}\p{L}*/gu) ?? []
  return names
    .flatMap((name) => wordsOf(name.replaceAll(/(?<=\p{Ll})(?=\p{Lu})|(?<=\p{Lu})(?=\p{Lu}\p{Ll})/gu, ' ')))
    .filter((part) => part.length > 1)
}

/** Hyphenated words of a folded text in one: `x-ray` as `xray`, `goes-16` as `goes16`. */
export function joinedSpellings(folded: string): string[] {
  const joined = (folded.match(hyphenated) ?? []).map((match) => match.replaceAll(/[-_.]/g, ''))
  return joined.filter((word) => word.length <= 20)
}

/** Words that carry no meaning of their own; indexed in titles only. */
export const stopWords: ReadonlySet<string> = new Set(
  `a about after all also an and any are as at be been but by can do for from had has have how i if in into is it its
   me more most my no not of on or our so some such than that the their them then there these they this those to was
   we were what when where which who will with you your`.split(/\s+/),
)

const longest = 64
const run = /[\p{L}\p{M}\p{N}]+/gu
const unspaced = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u
const possessive = /['’]s(?![\p{L}\p{N}])/gu
const hyphenated = /(?<![\p{L}\p{N}])[a-z]{1,12}(?:[-_.]\d{1,6}[a-z]?|-[a-z]{2,12})(?![\p{L}\p{N}-])/gu
const numbered = /(?<![\p{L}\p{N}])[a-z]{2,12}\d{1,4}(?![\p{L}\p{N}])/gu
const letters: Record<string, string> = {
  ß: 'ss',
  æ: 'ae',
  œ: 'oe',
  ø: 'o',
  ł: 'l',
  đ: 'd',
  ð: 'd',
  þ: 'th',
  ı: 'i',
}

function splitUnspaced(part: string): string[] {
  return part.split(/((?:[a-z]|\d)+)/).flatMap((piece) => {
    if (piece === '' || /^[a-z\d]/.test(piece)) return piece === '' ? [] : piece
    const characters = [...piece]
    if (characters.length < 3) return piece
    return characters.slice(1).map((character, i) => `${characters[i]}${character}`)
  })
}
