import { identityKeys } from '@holdfast/lexicons/identifiers'
import type { RecordJson } from '../records/repo.ts'

/**
 * Whether two records under one key describe the same body of data, so that one may take the other's place. DOIs and ARKs
 * decide where both have one, then homepages; without them titles do, in which some words may have changed.
 */
export function isSameDataset(a: RecordJson, b: RecordJson): boolean {
  const [keysOfA, keysOfB] = [identityKeys(a), identityKeys(b)]
  for (const kind of ['doi:', 'ark:', 'homepage:']) {
    const [ofA, ofB] = [keysOfA, keysOfB].map((keys) => keys.filter((key) => key.startsWith(kind)))
    if (ofA!.length > 0 && ofB!.length > 0) return ofA!.some((key) => ofB!.includes(key))
  }
  return similarTitles(String(a.title ?? ''), String(b.title ?? ''))
}

function similarTitles(a: string, b: string): boolean {
  const [wordsOfA, wordsOfB] = [words(a), words(b)]
  const shared = [...wordsOfA].filter((word) => wordsOfB.has(word)).length
  const smaller = Math.min(wordsOfA.size, wordsOfB.size)
  if (smaller === 0) return a.trim() === b.trim()
  const either = wordsOfA.size + wordsOfB.size - shared
  // One title within the other (a subtitle or a year was added), or most words the same (a slip was mended).
  return shared === smaller || shared / either >= 0.6
}

function words(title: string): Set<string> {
  return new Set(
    title
      .normalize('NFKC')
      .toLowerCase()
      .match(/[\p{L}\p{N}]+/gu) ?? [],
  )
}
