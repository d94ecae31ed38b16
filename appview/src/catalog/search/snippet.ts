import { fold, stemOf, stopWords, wordsOf } from './words.ts'

const usualLength = 240

/**
 * The part of a text where the query's words stand closest together, as plain text of about 240 characters; undefined
 * where none of them stands.
 */
export function snippetOf(text: string, words: readonly string[]): string | undefined {
  const wanted = new Set(words.filter((word) => !stopWords.has(word)).map(stemOf))
  if (wanted.size === 0) return undefined
  const plain = text.slice(0, 50_000).replaceAll(/\s+/g, ' ')
  const hits = findHits(plain, wanted)
  if (hits.length === 0) return undefined
  let best = { start: 0, kinds: 0 }
  for (const hit of hits) {
    const inside = hits.filter((other) => other.at >= hit.at && other.at < hit.at + usualLength)
    const kinds = new Set(inside.map((other) => other.stem)).size
    if (kinds > best.kinds) best = { start: hit.at, kinds }
  }
  return cut(plain, best.start)
}

function findHits(text: string, wanted: ReadonlySet<string>): { at: number; stem: string }[] {
  const hits: { at: number; stem: string }[] = []
  for (const match of text.matchAll(/[\p{L}\p{M}\p{N}]+/gu)) {
    const stem = wordsOf(fold(match[0]))
      .map(stemOf)
      .find((one) => wanted.has(one))
    if (stem !== undefined) hits.push({ at: match.index, stem })
    if (hits.length >= 200) break
  }
  return hits
}

/** Whole words, from a little before the first hit. */
function cut(text: string, at: number): string {
  const from = text.lastIndexOf(' ', Math.max(0, at - 40)) + 1
  const end = from + usualLength >= text.length ? text.length : text.lastIndexOf(' ', from + usualLength)
  return `${from > 0 ? '…' : ''}${text.slice(from, Math.max(end, at))}${end < text.length ? '…' : ''}`
}
