import { homepageKey } from '@holdfast/lexicons/homepage'
import { normalizeIdentifier } from '@holdfast/lexicons/identifiers'
import type { RecordJson } from '../records/repo.ts'

/**
 * Whether two records describe the same body of data, so that one may replace the other. Identifiers decide if both
 * have some of one kind: the catalog's own first, then DOIs and ARKs. Without them, both must have one homepage *and*
 * similar titles, because many datasets share a landing page. If not both have a homepage, similar titles are enough;
 * some words may have changed.
 */
export function isSameDataset(a: RecordJson, b: RecordJson): boolean {
  return sameByIdentifiers(a, b) ?? (samePage(a, b) !== false && similarTitles(titleOf(a), titleOf(b)))
}

/** Compares identifiers: true for the same data, false for other data, undefined if they do not decide. */
export function sameByIdentifiers(a: RecordJson, b: RecordJson): boolean | undefined {
  const [ofA, ofB] = [identifiersOf(a), identifiersOf(b)]
  for (const kind of ['own', 'doi', 'ark']) {
    const [mine, theirs] = [ofA, ofB].map((all) => all.filter((found) => found.kind === kind)) as [
      Known[],
      Known[],
    ]
    const shared = mine.filter(({ key }) => theirs.some((other) => other.key === key))
    if (shared.some(({ isGlobal }) => isGlobal) || (shared.length > 0 && agree(a, b))) return true
    // A number such as 1 occurs in two catalogs; but two records with different identifiers of one kind are two
    // datasets.
    if (shared.length > 0 || mine.some(({ scheme }) => theirs.some((other) => other.scheme === scheme)))
      return false
  }
  return undefined
}

/** Whether both have the same landing page; undefined unless both have one. */
export function samePage(a: RecordJson, b: RecordJson): boolean | undefined {
  const [ofA, ofB] = [a, b].map(({ homepage }) => homepageKey(String(homepage ?? '')))
  return ofA === undefined || ofB === undefined ? undefined : ofA === ofB
}

/** Keys under which records are found that may share identifiers or a page. */
export function joiningKeys(record: RecordJson): string[] {
  const page = homepageKey(String(record.homepage ?? ''))
  return [...identifiersOf(record).map(({ key }) => key), ...(page === undefined ? [] : [`page ${page}`])]
}

interface Known {
  readonly kind: 'own' | 'doi' | 'ark'
  readonly scheme: string
  readonly key: string
  /** Whether the value alone identifies one thing, whoever wrote it. */
  readonly isGlobal: boolean
}

/** Schemes that identify something other than a catalog's entry: a work, a serial, a thing in the world. */
const ofOthers = new Set(['isbn', 'issn', 'qid', 'rrid', 'orcid', 'ror'])

function identifiersOf({ identifiers = [] }: RecordJson): Known[] {
  return (identifiers as { scheme: string; value: string }[]).flatMap((identifier): Known[] => {
    const found = normalizeIdentifier(identifier)
    if (!found || ofOthers.has(found.scheme)) return []
    const { scheme, value } = found
    const kind = scheme === 'doi' || scheme === 'ark' ? scheme : 'own'
    const key = scheme === 'uri' || scheme === 'purl' ? (homepageKey(value) ?? value) : value
    const isGlobal = scheme !== 'local' || /[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}|^\S{24,}$/i.test(value)
    return [{ kind, scheme, key: `${scheme} ${key}`, isGlobal }]
  })
}

/** Whether anything besides a short local number indicates one dataset: the title, the page or the publisher. */
function agree(a: RecordJson, b: RecordJson): boolean {
  const [ofA, ofB] = [a, b].map(({ publisher }) => (publisher as { name?: string } | undefined)?.name)
  return (
    samePage(a, b) === true ||
    similarTitles(titleOf(a), titleOf(b)) ||
    (ofA !== undefined && ofB !== undefined && ofA === ofB)
  )
}

function titleOf({ title }: RecordJson): string {
  return String(title ?? '')
}

function similarTitles(a: string, b: string): boolean {
  const [wordsOfA, wordsOfB] = [words(a), words(b)]
  const shared = [...wordsOfA].filter((word) => wordsOfB.has(word)).length
  const smaller = Math.min(wordsOfA.size, wordsOfB.size)
  if (smaller === 0) return a.trim() === b.trim()
  // Titles that differ in a number, such as levels of 2019 and of 2020, are of two datasets.
  if (!within(numbers(wordsOfA), wordsOfB) && !within(numbers(wordsOfB), wordsOfA)) return false
  const either = wordsOfA.size + wordsOfB.size - shared
  // One title contains the other (a subtitle or a year was added), or most words are the same (a typo was corrected).
  return shared === smaller || shared / either >= 0.6
}

function numbers(all: ReadonlySet<string>): string[] {
  return [...all].filter((word) => /^\p{N}+$/u.test(word))
}

function within(some: readonly string[], all: ReadonlySet<string>): boolean {
  return some.every((word) => all.has(word))
}

function words(title: string): Set<string> {
  return new Set(
    title
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [],
  )
}
