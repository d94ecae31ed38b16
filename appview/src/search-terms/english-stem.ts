/**
 * The English (Porter 2) stemmer of the Snowball project, for one folded word (a–z only; anything else is returned
 * as it came). The tests hold it equal to PostgreSQL's `english_stem`.
 */
export function englishStem(word: string): string {
  if (word.length < 3 || !/^[a-z]+$/.test(word)) return word
  const special = exceptions.get(word)
  if (special !== undefined) return special
  const marked = markConsonantY(word)
  const regions = findRegions(marked)
  const afterPlural = removePlural(marked)
  if (invariant.has(afterPlural)) return afterPlural
  let stem = removePast(afterPlural, regions)
  stem = stem.replace(/(?<=.[^aeiouy])[yY]$/, 'i')
  stem = replaceSuffix(stem, derivations, regions.r1)
  stem = replaceSuffix(stem, adjectives, regions.r1, regions.r2)
  stem = deleteSuffix(stem, regions.r2)
  return dropFinal(stem, regions).toLowerCase()
}

interface Regions {
  r1: number
  r2: number
}

const exceptions = new Map(
  Object.entries({
    skis: 'ski',
    skies: 'sky',
    dying: 'die',
    lying: 'lie',
    tying: 'tie',
    idly: 'idl',
    gently: 'gentl',
    ugly: 'ugli',
    early: 'earli',
    only: 'onli',
    singly: 'singl',
    sky: 'sky',
    news: 'news',
    howe: 'howe',
    atlas: 'atlas',
    cosmos: 'cosmos',
    bias: 'bias',
    andes: 'andes',
  }),
)
const invariant = new Set('inning outing canning herring earring proceed exceed succeed'.split(' '))
const vowel = /[aeiouy]/
const double = /(?:bb|dd|ff|gg|mm|nn|pp|rr|tt)$/
const shortSyllable = /(?:^[aeiouy][^aeiouy]|[^aeiouy][aeiouy][^aeiouywxY])$/

/** A `y` that begins the word or follows a vowel is a consonant, and is written `Y`. */
function markConsonantY(word: string): string {
  let marked = ''
  for (const letter of word)
    marked += letter === 'y' && (marked === '' || vowel.test(marked.at(-1)!)) ? 'Y' : letter
  return marked
}

function findRegions(word: string): Regions {
  const prefix = /^(?:gener|commun|arsen)/.exec(word)
  const r1 = prefix ? prefix[0].length : after(word, 0)
  return { r1, r2: after(word, r1) }
}

/** The index just after the first non-vowel that follows a vowel (the start of Porter's region R1 or R2). */
function after(word: string, from: number): number {
  const found = /[aeiouy][^aeiouy]/.exec(word.slice(from))
  return found ? from + found.index + 2 : word.length
}

function removePlural(word: string): string {
  if (word.endsWith('sses')) return word.slice(0, -2)
  if (/ie[ds]$/.test(word)) return word.length > 4 ? word.slice(0, -2) : word.slice(0, -1)
  if (/[us]s$/.test(word)) return word
  return /[aeiouy].+s$/.test(word) ? word.slice(0, -1) : word
}

function removePast(word: string, { r1 }: Regions): string {
  const suffix = /(?:eedly|ingly|edly|eed|ing|ed)$/.exec(word)?.[0]
  if (!suffix) return word
  const stem = word.slice(0, -suffix.length)
  if (suffix.startsWith('eed')) return stem.length >= r1 ? `${stem}ee` : word
  if (!/[aeiouy]/.test(stem)) return word
  if (/(?:at|bl|iz)$/.test(stem)) return `${stem}e`
  if (double.test(stem)) return stem.slice(0, -1)
  return stem.length <= r1 && shortSyllable.test(stem) ? `${stem}e` : stem
}

type Rule = readonly [suffix: string, replacement: string, before?: RegExp, inR2?: true]

/** Endings, longest first. The first that ends the word decides, even if its condition is not met. */
const derivations: readonly Rule[] = [
  ['ization', 'ize'],
  ['ational', 'ate'],
  ['fulness', 'ful'],
  ['ousness', 'ous'],
  ['iveness', 'ive'],
  ['tional', 'tion'],
  ['biliti', 'ble'],
  ['lessli', 'less'],
  ['entli', 'ent'],
  ['ation', 'ate'],
  ['alism', 'al'],
  ['aliti', 'al'],
  ['ousli', 'ous'],
  ['iviti', 'ive'],
  ['fulli', 'ful'],
  ['enci', 'ence'],
  ['anci', 'ance'],
  ['abli', 'able'],
  ['izer', 'ize'],
  ['ator', 'ate'],
  ['alli', 'al'],
  ['bli', 'ble'],
  ['ogi', 'og', /l$/],
  ['li', '', /[cdeghkmnrt]$/],
]
const adjectives: readonly Rule[] = [
  ['ational', 'ate'],
  ['tional', 'tion'],
  ['alize', 'al'],
  ['icate', 'ic'],
  ['iciti', 'ic'],
  ['ative', '', undefined, true],
  ['ical', 'ic'],
  ['ness', ''],
  ['ful', ''],
]
const endings = 'ement ance ence able ible ment ant ent ism ate iti ous ive ize ion al er ic'.split(' ')

function replaceSuffix(word: string, rules: readonly Rule[], r1: number, r2 = 0): string {
  const rule = rules.find(([suffix]) => word.endsWith(suffix))
  if (!rule) return word
  const [suffix, replacement, before, inR2] = rule
  const stem = word.slice(0, -suffix.length)
  const holds = stem.length >= (inR2 ? r2 : r1) && (before?.test(stem) ?? true)
  return holds ? stem + replacement : word
}

function deleteSuffix(word: string, r2: number): string {
  const suffix = endings.find((ending) => word.endsWith(ending))
  if (!suffix) return word
  const stem = word.slice(0, -suffix.length)
  if (stem.length < r2 || (suffix === 'ion' && !/[st]$/.test(stem))) return word
  return stem
}

function dropFinal(word: string, { r1, r2 }: Regions): string {
  const stem = word.slice(0, -1)
  if (word.endsWith('e')) {
    return stem.length >= r2 || (stem.length >= r1 && !shortSyllable.test(stem)) ? stem : word
  }
  return word.endsWith('ll') && stem.length >= r2 ? stem : word
}
