import { englishStem } from './english-stem.ts'

/**
 * The stem under which a folded word is indexed. Words of a–z are stemmed as English in every record, whatever its
 * language, so a word typed as it is in the record is always found. Words of other scripts are left as they are.
 */
export function stemOf(word: string): string {
  const known = stems.get(word)
  if (known !== undefined) return known
  if (stems.size >= mostStems) stems.clear()
  const stem = englishStem(placeOf(oneSpelling(word)))
  stems.set(word, stem)
  return stem
}

// Remembers stems, because the same few thousand words make up most of every text.
const stems = new Map<string, string>()
const mostStems = 50_000

/** Changes British to American spelling: `colour`, `normalised`, `palaeoclimate`, `catalogue`. */
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

/** Gives a place and its adjective the same stem: `Colombian` and `Colombia`, `Japanese` and `Japan`. */
function placeOf(word: string): string {
  if (word.length < 5) return word
  const irregular = peoples.get(word)
  if (irregular !== undefined) return irregular
  // `African`, `Alaskan`, `Indian`, `Siberian`. For words that are not places, both forms still get the same stem.
  return word.length > 5 && /(?:[ck]a|[bdglmnrst]ia)n$/.test(word) && !notPlaces.has(word)
    ? word.slice(0, -1)
    : word
}

/** Words that mean something else without their `n`. */
const notPlaces = new Set(['median', 'obsidian', 'pelican', 'toucan'])

const peoples = new Map(
  Object.entries({
    antarctica: 'antarctic',
    argentina: 'argentine argentinian',
    belgium: 'belgian',
    brazil: 'brazilian',
    britain: 'british',
    canada: 'canadian',
    chile: 'chilean',
    china: 'chinese',
    denmark: 'danish',
    egypt: 'egyptian',
    europe: 'european',
    finland: 'finnish',
    france: 'french',
    germany: 'german',
    greece: 'greek',
    iceland: 'icelandic',
    iran: 'iranian',
    ireland: 'irish',
    italy: 'italian',
    japan: 'japanese',
    korea: 'korean',
    mexico: 'mexican',
    nepal: 'nepalese',
    netherlands: 'dutch',
    norway: 'norwegian',
    peru: 'peruvian',
    portugal: 'portuguese',
    scotland: 'scottish',
    spain: 'spanish',
    sweden: 'swedish',
    switzerland: 'swiss',
    taiwan: 'taiwanese',
    ukraine: 'ukrainian',
    vietnam: 'vietnamese',
    wales: 'welsh',
  }).flatMap(([place, people]) => people.split(' ').map((word) => [word, place] as const)),
)
