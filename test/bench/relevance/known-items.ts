import { readFileSync } from 'node:fs'

/** A query, and the slugs of the entries that answer it; any one of them is a correct answer. */
export interface KnownItem {
  query: string
  datasets: readonly string[]
}

/**
 * Reads a set of questions, one per line: `{"query", "datasets": [slug, …]}` or, with a single answer, `{"query",
 * "dataset"}`.
 */
export function readKnownItems(file: string | URL, slugs: ReadonlySet<string>): KnownItem[] {
  const lines = readFileSync(file, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  return lines.map((line, i) => {
    const item = readItem(line)
    const strange = item?.datasets.filter((slug) => !slugs.has(slug))
    if (!item || item.datasets.length === 0 || strange?.length)
      throw new Error(
        `line ${i + 1} of ${file} is no question: write {"query", "datasets": [slug, …]} with slugs of the registry` +
          (strange?.length ? `, which has no ${strange.join(' and no ')}` : ''),
      )
    return item
  })
}

function readItem(line: string): KnownItem | undefined {
  try {
    const { query, dataset, datasets = [dataset] } = JSON.parse(line)
    const isWhole = typeof query === 'string' && datasets.every((slug: unknown) => typeof slug === 'string')
    return isWhole ? { query, datasets } : undefined
  } catch {
    return undefined
  }
}

export interface Relevance {
  /** The mean of 1/rank of the first answer among the first ten results, 0 if there is none. */
  mrr10: number
  /** The share of questions with an answer among the first 25 results. */
  recall25: number
  /** The number of questions answered by the first result, and among the first five. */
  first: number
  firstFive: number
  queries: number
}

/**
 * Asks every question. `search` returns slugs, the best first, at most 25; `tellMiss` is called with answers that are
 * not first.
 */
export async function measureRelevance(
  items: readonly KnownItem[],
  search: (query: string) => Promise<readonly string[]> | readonly string[],
  tellMiss?: (line: string) => void,
): Promise<Relevance> {
  const ranks: number[] = []
  for (const { query, datasets } of items) {
    const found = await search(query)
    const rank = found.findIndex((slug) => datasets.includes(slug)) + 1
    ranks.push(rank)
    if (rank !== 1) tellMiss?.(`${rank || '-'}\t${query}\t${datasets}\t${found.slice(0, 4)}`)
  }
  const share = (sum: number) => sum / Math.max(items.length, 1)
  return {
    mrr10: share(ranks.reduce((sum, rank) => sum + (rank > 0 && rank <= 10 ? 1 / rank : 0), 0)),
    recall25: share(ranks.filter((rank) => rank > 0).length),
    first: ranks.filter((rank) => rank === 1).length,
    firstFive: ranks.filter((rank) => rank > 0 && rank <= 5).length,
    queries: items.length,
  }
}
