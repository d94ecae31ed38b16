import { identityKeys } from '@holdfast/lexicons/identifiers'
import type { RecordJson } from '../records/repo.ts'

/**
 * Whether two records under one key describe the same body of data, so that one may take the other's place. Shared
 * identifiers or homepages say yes and differing ones no; without them titles decide, where some words may have changed.
 */
export function isSameDataset(a: RecordJson, b: RecordJson): boolean {
  const [keysOfA, keysOfB] = [identityKeys(a), identityKeys(b)]
  const shared = keysOfA.some((key) => keysOfB.includes(key))
  if (shared) return true
  const kinds = (keys: string[]) => new Set(keys.map((key) => key.slice(0, key.indexOf(':'))))
  const comparable = [...kinds(keysOfA)].some((kind) => kinds(keysOfB).has(kind))
  return !comparable && similarTitles(String(a.title ?? ''), String(b.title ?? ''))
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
