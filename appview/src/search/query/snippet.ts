import type { defs } from '@holdfast/lexicons'
import { stemOf } from '../../search-terms/stems.ts'
import { stopWords, textRun, wordsOf } from '../../search-terms/words.ts'

const usualLength = 240
/** How many characters of a description are searched for a snippet. */
const longest = 10_000

/** Adds to each view the part of its description that contains the words of a query (folded, as in `SearchSummary`). */
export function withSnippets(
  views: readonly defs.DatasetView[],
  words: readonly string[],
): defs.DatasetView[] {
  const snippetOf = snippetMaker(words)
  return views.map((view) => {
    const { description } = (view.mapped ?? view.record) as { description?: string }
    const snippet = description === undefined ? undefined : snippetOf(description)
    return snippet === undefined ? view : { ...view, snippet }
  })
}

/**
 * Returns a function that finds the part of a text (CommonMark) with the most of these words, as plain text of about 240
 * characters; undefined if the text has none of them.
 */
export function snippetMaker(words: readonly string[]): (text: string) => string | undefined {
  const wanted = new Set(words.filter((word) => !stopWords.has(word)).map(stemOf))
  if (wanted.size === 0) return () => undefined
  const stems = new Map<string, string | undefined>()
  return (text) => {
    const plain = plainText(text.slice(0, longest))
    const hits = findHits(plain, { wanted, stems })
    if (hits.length === 0) return undefined
    let best = { start: 0, kinds: 0 }
    for (const hit of hits) {
      const inside = hits.filter((other) => other.at >= hit.at && other.at < hit.at + usualLength)
      const kinds = new Set(inside.map((other) => other.stem)).size
      if (kinds > best.kinds) best = { start: hit.at, kinds }
    }
    return cut(plain, best.start)
  }
}

/** Removes the most common Markdown marks: of links, emphasis, headings, code and tables. */
function plainText(markdown: string): string {
  return markdown
    .replaceAll(/!?\[([^\][]{0,500})\]\([^()\s]{0,2000}\)/g, '$1')
    .replaceAll(/^[ \t]*(?:#{1,6}|>|[-*+]|\d{1,3}[.)])[ \t]+/gm, '')
    .replaceAll(/^[ \t|:-]{3,}$/gm, '')
    .replaceAll(/\|/g, ' ')
    .replaceAll(/\*(?=\S)|(?<=\S)\*|__|`+/g, '')
    .replaceAll(/\s+/g, ' ')
    .trim()
}

function findHits(
  text: string,
  { wanted, stems }: { wanted: ReadonlySet<string>; stems: Map<string, string | undefined> },
): { at: number; stem: string }[] {
  const hits: { at: number; stem: string }[] = []
  for (const match of text.matchAll(textRun)) {
    const [word] = match
    // Most words occur many times, in this description and in others, so their stems are remembered.
    if (!stems.has(word))
      stems.set(
        word,
        wordsOf(word)
          .map(stemOf)
          .find((one) => wanted.has(one)),
      )
    const stem = stems.get(word)
    if (stem !== undefined) hits.push({ at: match.index, stem })
    if (hits.length >= 200) break
  }
  return hits
}

/** Cuts out whole words, from a little before the first hit. */
function cut(text: string, at: number): string {
  const from = text.lastIndexOf(' ', Math.max(0, at - 40)) + 1
  const end = from + usualLength >= text.length ? text.length : text.lastIndexOf(' ', from + usualLength)
  return `${from > 0 ? '…' : ''}${text.slice(from, Math.max(end, at))}${end < text.length ? '…' : ''}`.toWellFormed()
}
