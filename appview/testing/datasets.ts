/** A few datasets to search, for tests. */

import { applyAdmissionPolicy } from '../src/catalog/admission-policy.ts'
import { applyBatch, type RecordOp } from '../src/catalog/apply-batch.ts'
import { type DatasetSearch, searchDatasets } from '../src/search/datasets.ts'
import { type RunningMemoryIndex, startMemoryIndex } from '../src/search/memory/start-memory-index.ts'
import { refreshSearchStatistics } from '../src/search-terms/statistics.ts'
import type { Catalog } from '../src/store/open.ts'

export const noaa = 'did:plc:noaa'
export const judge = 'did:plc:judge'
export const mirror = 'did:plc:mirror'
export const doi = '10.5067/SEAICE'

const datasets: Record<string, Record<string, unknown>> = {
  'sea-ice': {
    title: 'Sea ice extent, monthly',
    description: 'How far the ice of both poles reaches, from passive microwave satellites.',
    publisher: { name: 'National Snow and Ice Data Center' },
    creators: [{ name: 'Florence Fetterer' }],
    keywords: [{ name: 'Cryosphere' }, { name: 'netcdf' }],
    identifiers: [{ scheme: 'doi', value: doi }],
    license: { spdx: 'CC0-1.0' },
    formats: [{ mediaType: 'application/x-netcdf' }],
    risk: { level: 'endangered', expectedGone: '2027-03' },
    sizeBytes: 2_000,
    createdAt: '2026-03-01T00:00:00Z',
  },
  glaciers: {
    title: 'Glacier inventory',
    description: 'Outlines of glaciers. The sea is not included, nor is ice on lakes.',
    publisher: { name: 'NOAA' },
    keywords: [{ name: 'Cryosphere' }],
    sizeBytes: 5_000,
    createdAt: '2026-02-01T00:00:00Z',
  },
  goes: {
    title: 'GOES-16 radiances',
    description:
      'Données météorologiques of the American satellites, with notes on sea surface and on clouds of ice.',
    publisher: { name: 'NOAA' },
    keywords: [{ name: 'Weather' }],
    risk: { level: 'watchlist' },
    createdAt: '2026-01-01T00:00:00Z',
  },
  census: {
    title: 'Census of population',
    description: 'Counts by county.',
    createdAt: '2026-01-15T00:00:00Z',
  },
}

export interface Searchable extends AsyncDisposable {
  readonly catalog: Catalog
  commit(did: string, ops: readonly RecordOp[]): Promise<unknown>
  /** Searches, and resolves with the results in order, each as `ACCOUNT KEY`. */
  find(search: DatasetSearch | string): Promise<string[]>
}

/** Opens a catalog with these datasets, all admitted, and with their words counted. */
export async function openSearchable(open: () => Promise<Catalog>): Promise<Searchable> {
  const catalog = await open()
  let revision = 0
  const commit = (did: string, ops: readonly RecordOp[]) =>
    applyBatch(catalog.db, {
      commits: [{ did, rev: `3l${String(++revision).padStart(11, '0')}`, dataCid: 'd', ops }],
    })
  await applyAdmissionPolicy(catalog.db, 'open')
  await applyBatch(catalog.db, {
    accounts: [
      { did: noaa, handle: 'noaa.example.gov' },
      { did: judge, handle: 'judge.example.org' },
    ],
  })
  await commit(
    noaa,
    Object.entries(datasets).map(([rkey, value]) => put('dataset', noaa, rkey, value)),
  )
  await refreshSearchStatistics(catalog.db)
  return {
    catalog,
    commit,
    async find(search) {
      const found = await searchDatasets(catalog.db, typeof search === 'string' ? { q: search } : search)
      return found.hits.map(({ uri }) => shortOf(uri))
    },
    [Symbol.asyncDispose]: () => catalog[Symbol.asyncDispose](),
  }
}

export interface SearchableInMemory extends Searchable {
  readonly memory: RunningMemoryIndex
}

/** Opens a catalog as `openSearchable` does, lets `fill` add to it, and reads it into an index in memory. */
export async function openSearchableInMemory(
  open: () => Promise<Catalog>,
  fill: (searchable: Searchable) => Promise<unknown>,
): Promise<SearchableInMemory> {
  await using stack = new AsyncDisposableStack()
  const searchable = stack.use(await openSearchable(open))
  await fill(searchable)
  const memory = stack.use(await startMemoryIndex({ catalog: searchable.catalog, maxBytes: 1_000_000_000 }))
  await memory.caughtUp()
  const parts = stack.move()
  return { ...searchable, memory, [Symbol.asyncDispose]: () => parts.disposeAsync() }
}

/** A dataset's account and key, as `noaa sea-ice`. */
export function shortOf(uri: string): string {
  return uri.replace('at://did:plc:', '').replace('/dataset/', ' ')
}

export function put(kind: string, did: string, rkey: string, value: Record<string, unknown>): RecordOp {
  return {
    action: 'put',
    uri: `at://${did}/${kind}/${rkey}`,
    kind,
    cid: `cid-${rkey}`,
    value: { createdAt: '2026-01-01T00:00:00Z', ...value },
  }
}
