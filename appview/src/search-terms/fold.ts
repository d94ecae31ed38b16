/**
 * Brings a text into the form in which texts of records and queries are compared, by the rules of Unicode: compatibility
 * characters are replaced (`ﬁ` → `fi`, `²` → `2`), case, accents and vowel points are dropped where words are also written
 * without them, invisible characters are dropped, and digits of every script become 0–9. The Thai and Lao vowel `am` stays
 * one character, as in dictionaries. Folding twice changes nothing.
 */
export function fold(text: string): string {
  // Most text is ASCII, where folding is lower-casing.
  if (isAscii(text)) return withoutApostrophes(text.toLowerCase())
  const plain = text
    .replaceAll(unseen, '')
    .replaceAll('´', "'")
    .normalize('NFKD')
    .replaceAll(unwritten, '')
    .replaceAll(/[‐‑]/g, '-')
    .replaceAll(/(?![0-9])\p{Nd}/gu, digitOf)
    .toUpperCase()
    .toLowerCase()
    .normalize('NFKD')
    .replaceAll(unwritten, '')
    .replaceAll(/[ßæœøłđðþıħŧŋςةىیک]/g, (letter) => letters[letter] ?? letter)
  return withoutApostrophes(plain)
    .normalize('NFC')
    .replaceAll(/\u0e4d\u0e32|\u0ecd\u0eb2/g, (am) => (am[0] === '\u0e4d' ? '\u0e33' : '\u0eb3'))
}

export function isAscii(text: string): boolean {
  return /^[\0-\x7f]*$/.test(text)
}

/** Soft hyphens, zero-width spaces and other invisible characters, and marks used like an apostrophe (`ʻ` in `Hawaiʻi`). */
const unseen = /[\p{Default_Ignorable_Code_Point}\u02b9-\u02bf\u02c8-\u02cf\ua78b\ua78c]+/gu

/**
 * Accents, vowel points and the Arabic tatweel. Marks of other scripts count as letters there, as do the two that turn
 * `か` into `が`.
 */
const unwritten =
  /[[[\p{Mn}&&[\p{sc=Inherited}\p{sc=Latin}\p{sc=Greek}\p{sc=Cyrillic}\p{sc=Arabic}\p{sc=Hebrew}\p{sc=Syriac}]]--[\u3099\u309a]]\u0640]+/gv

/** Letters that Unicode does not decompose, with their usual replacements; and final forms of letters. */
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
  ħ: 'h',
  ŧ: 't',
  ŋ: 'n',
  ς: 'σ',
  ة: 'ه',
  ى: 'ي',
  ی: 'ي',
  ک: 'ك',
}

/** The value of a decimal digit. Unicode encodes the digits of each script in order, starting with zero. */
function digitOf(digit: string): string {
  const code = digit.codePointAt(0)!
  let value = 0
  while (value < 9 && /\p{Nd}/u.test(String.fromCodePoint(code - value - 1))) value++
  return String(value)
}

/** Removes apostrophes: `NOAA's` becomes `noaa`, `l'air` `air`, `O'Brien` `obrien`. */
function withoutApostrophes(text: string): string {
  if (!/['’‘`′]/.test(text)) return text
  return text.replaceAll(possessive, '').replaceAll(elided, '').replaceAll(apostrophe, '')
}

/** Matches an apostrophe, in its typed and printed forms, between letters. */
export const apostrophe = /(?<=[\p{L}\p{M}])['’‘`′]+(?=\p{L})/gu
const possessive = /(?<=[\p{L}\p{M}\p{N}])['’]s(?![\p{L}\p{M}\p{N}])/gu
/** Articles and similar words of French, Italian and Catalan that are shortened before a vowel. */
const elided =
  /(?<![\p{L}\p{M}\p{N}'’‘])(?:[cdjlmnst]|qu|jusqu|lorsqu|puisqu|quoiqu|un|all|coll|dall|dell|nell|quell|sull)['’‘](?=\p{L})/gu
