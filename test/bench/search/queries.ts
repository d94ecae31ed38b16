import type { DatasetSearch } from '@holdfast/appview/search/datasets'
import { stemOf } from '@holdfast/appview/search-terms/stems'
import { stopWords, wordsOf } from '@holdfast/appview/search-terms/words'
import { CorpusMaker } from './corpus.ts'
import { Random } from './random.ts'

export interface BenchQuery {
  /** Folded words, one to four. */
  words: string[]
  search: DatasetSearch
}

const deciles = 10

/**
 * Queries of one to four words, the same for the same seed. The words of a query come from one description, because
 * people search for something specific, and every decile of the vocabulary by document frequency is used equally often.
 * Three queries in ten have a filter, two in ten another order, three in ten ask for facets.
 */
export function makeQueries(count: number, seed: number): BenchQuery[] {
  const random = new Random(seed)
  const sample = sampleDocuments(4_000)
  const decileOf = rankByFrequency(sample)
  const queries: BenchQuery[] = []
  let turn = 0
  while (queries.length < count) {
    const wanted = 1 + (queries.length % 4)
    const words = drawWords(random.pick(sample), decileOf, { wanted, first: turn++, random })
    if (words) queries.push({ words, search: searchOf(words, random) })
  }
  return queries
}

function sampleDocuments(count: number): string[][] {
  const maker = new CorpusMaker(1)
  return Array.from({ length: count }, () => {
    const made = maker.dataset()
    const words = wordsOf(`${made.title} ${made.description}`)
    return [...new Set(words)].filter(
      (word) => word.length > 1 && !stopWords.has(word) && !/^x[0-9a-z]*\d/.test(word),
    )
  })
}

/** The decile of each word of the vocabulary, the rarest first. */
function rankByFrequency(documents: readonly string[][]): Map<string, number> {
  const frequencies = new Map<string, number>()
  for (const words of documents)
    for (const word of words) frequencies.set(word, (frequencies.get(word) ?? 0) + 1)
  const ordered = [...frequencies].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1))
  return new Map(ordered.map(([word], i) => [word, Math.floor((i * deciles) / ordered.length)]))
}

function drawWords(
  document: readonly string[],
  decileOf: ReadonlyMap<string, number>,
  { wanted, first, random }: { wanted: number; first: number; random: Random },
): string[] | undefined {
  const words: string[] = []
  for (let i = 0; i < wanted; i++) {
    const decile = (first + i * 3) % deciles
    const fitting = document.filter(
      (word) => decileOf.get(word) === decile && !words.some((one) => stemOf(one) === stemOf(word)),
    )
    if (fitting.length === 0) return undefined
    words.push(random.pick(fitting))
  }
  return words
}

function searchOf(words: readonly string[], random: Random): DatasetSearch {
  const filters: DatasetSearch[] = [
    { risk: ['endangered'] },
    { license: 'CC0-1.0' },
    { hasTorrent: true },
    { minSizeBytes: 1e9, maxSizeBytes: 1e12 },
    { createdAfter: '2024-01-01T00:00:00Z' },
  ]
  const sorts = ['newest', 'largest', 'fewest-seeders']
  return {
    q: words.join(' '),
    limit: 10,
    ...(random.below(10) < 3 && random.pick(filters)),
    ...(random.below(10) < 2 && { sort: random.pick(sorts) }),
    ...(random.below(10) < 3 && { facets: ['publisher', 'risk', 'keyword'] }),
  }
}
