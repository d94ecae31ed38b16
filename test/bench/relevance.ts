import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { applyBatch } from '@holdfast/appview/catalog/ingest-writes'
import { type Catalog, openCatalog } from '@holdfast/appview/catalog/open'
import { searchDatasets } from '@holdfast/appview/catalog/search/searchDatasets'
import { refreshSearchStatistics } from '@holdfast/appview/catalog/search/terms/statistics'
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/visibility'
import { importRegistryEntry } from '@holdfast/cli/import/formats/aws-open-data-registry'
import { collections } from '@holdfast/lexicons/nsid'
import type { BenchOptions, BenchResult } from './main.ts'

const registry = fileURLToPath(
  new URL('../../../shared/data/catalogs/aws-open-data-registry.jsonl', import.meta.url),
)

interface KnownItem {
  query: string
  dataset: string
}

/** Mean reciprocal rank among ten and recall among 25 over the known items of `test/relevance/`. */
export async function run({ log }: BenchOptions): Promise<BenchResult> {
  if (!existsSync(registry)) throw new Error(`left out: ${registry} is not here`)
  await using catalog = await openCatalog()
  const datasets = await loadRegistry(catalog)
  log(`${datasets} datasets of the registry indexed`)
  const frozen = await measure(catalog, readItems('frozen'))
  const tuning = await measure(
    catalog,
    readItems('tuning'),
    process.env.HOLDFAST_BENCH_MISSES ? log : undefined,
  )
  return {
    figures: {
      mrr10: frozen.mrr10,
      recall25: frozen.recall25,
      queries: frozen.queries,
      tuningMrr10: tuning.mrr10,
      tuningRecall25: tuning.recall25,
      tuningQueries: tuning.queries,
    },
    ratios: {},
  }
}

const did = 'did:plc:registry'
const uriOf = (slug: string) => `at://${did}/${collections.dataset}/${slug}`

/** Indexes every entry of the registry as the CLI imports it. */
export async function loadRegistry(catalog: Catalog): Promise<number> {
  await applyAdmissionPolicy(catalog.db, 'open')
  const entries = readFileSync(registry, 'utf8').trim().split('\n')
  const ops = entries.map((line) => {
    const { rkey, record } = importRegistryEntry(JSON.parse(line), { createdAt: '2026-01-01T00:00:00.000Z' })
    return {
      action: 'put',
      uri: uriOf(rkey),
      kind: 'dataset',
      cid: `cid-${rkey}`,
      value: { ...record },
    } as const
  })
  for (let i = 0; i < ops.length; i += 100) {
    const rev = `3l${String(i).padStart(11, '0')}`
    await applyBatch(catalog.db, { commits: [{ did, rev, dataCid: 'data', ops: ops.slice(i, i + 100) }] })
  }
  await refreshSearchStatistics(catalog.db)
  return ops.length
}

function readItems(half: 'tuning' | 'frozen'): KnownItem[] {
  const text = readFileSync(new URL(`../relevance/${half}.jsonl`, import.meta.url), 'utf8')
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as KnownItem)
}

async function measure(catalog: Catalog, items: readonly KnownItem[], tellMiss?: (line: string) => void) {
  let reciprocal = 0
  let recalled = 0
  for (const { query, dataset } of items) {
    const { hits } = await searchDatasets(catalog.db, { q: query, limit: 25 })
    const rank = hits.findIndex((hit) => hit.uri === uriOf(dataset)) + 1
    if (rank > 0) recalled++
    if (rank > 0 && rank <= 10) reciprocal += 1 / rank
    if (rank !== 1)
      tellMiss?.(
        `${rank || '-'}\t${query}\t${dataset}\t${hits.slice(0, 3).map((hit) => hit.uri.split('/').at(-1))}`,
      )
  }
  return { mrr10: reciprocal / items.length, recall25: recalled / items.length, queries: items.length }
}
