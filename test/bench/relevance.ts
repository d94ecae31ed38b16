import { searchDatasets } from '@holdfast/appview/search/datasets'
import type { SearchMemory } from '@holdfast/appview/search/memory/search-memory'
import { startMemoryIndex } from '@holdfast/appview/search/memory/start-memory-index'
import { type Catalog, openCatalog } from '@holdfast/appview/store/open'
import type { BenchOptions, BenchResult } from './main.ts'
import { startFts5 } from './relevance/fts5.ts'
import { type KnownItem, measureRelevance, readKnownItems } from './relevance/known-items.ts'
import { indexEntries, readRegistry, slugOf } from './relevance/registry.ts'

/** The sets in `test/relevance/`, and the prefix of the names of their figures. */
const sets = { frozen: '', questions: 'questions', tuning: 'tuning' } as const

/**
 * Measures how well search finds the known items of `test/relevance/`, from memory like an AppView, compared with
 * SQLite FTS5 on the same texts; with `--queries`, only for another set.
 */
export async function run({ log, queries }: BenchOptions): Promise<BenchResult> {
  const entries = readRegistry()
  const slugs = new Set(entries.map(({ rkey }) => rkey))
  const asked = queries === undefined ? readSets(slugs) : { '': readKnownItems(queries, slugs) }
  await using catalog = await openCatalog()
  await indexEntries(catalog, entries)
  log(`${entries.length} datasets of the registry indexed`)
  await using memory = await startMemoryIndex({ catalog, maxBytes: 1e9 })
  await memory.caughtUp()
  const searches = { ours: searchIn(catalog, memory), store: searchIn(catalog), fts5: startFts5(entries) }
  const result = { figures: {} as Record<string, number>, ratios: {} as Record<string, number> }
  for (const [prefix, items] of Object.entries(asked)) {
    // Single answers may be looked at only in the half that is for tuning.
    const told = prefix === 'tuning' && process.env.HOLDFAST_BENCH_MISSES ? log : undefined
    const { figures, ratio } = await measureSet(items, searches, told)
    for (const [name, value] of Object.entries(figures)) result.figures[named(prefix, name)] = value
    result.ratios[named(prefix, 'mrrVsFts5')] = ratio
  }
  return result
}

function readSets(slugs: ReadonlySet<string>): Record<string, KnownItem[]> {
  return Object.fromEntries(
    Object.entries(sets).map(([file, prefix]) => [
      prefix,
      readKnownItems(new URL(`../relevance/${file}.jsonl`, import.meta.url), slugs),
    ]),
  )
}

function searchIn({ db }: Catalog, memory?: SearchMemory) {
  return async (query: string) => {
    const { hits } = await searchDatasets(db, { q: query, limit: 25 }, memory)
    return hits.map(({ uri }) => slugOf(uri))
  }
}

type Search = Parameters<typeof measureRelevance>[1]

async function measureSet(
  items: readonly KnownItem[],
  { ours, store, fts5 }: { ours: Search; store: Search; fts5: Search },
  tellMiss: ((line: string) => void) | undefined,
) {
  const found = await measureRelevance(items, ours, tellMiss)
  const inStore = await measureRelevance(items, store)
  const plain = await measureRelevance(items, fts5)
  return {
    figures: {
      ...found,
      storeMrr10: inStore.mrr10,
      fts5Mrr10: plain.mrr10,
      fts5Recall25: plain.recall25,
      fts5First: plain.first,
      fts5FirstFive: plain.firstFive,
    },
    ratio: found.mrr10 / plain.mrr10,
  }
}

function named(prefix: string, name: string): string {
  return prefix === '' ? name : `${prefix}${name[0]!.toUpperCase()}${name.slice(1)}`
}
