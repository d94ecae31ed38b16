import type { CorpusName } from '../../search-terms/term-statistics.ts'
import type { AtLeastOne } from './conditions.ts'
import { type Sort, sharedSorts } from './sorts.ts'

/** What differs between searching datasets and searching torrents. */
export interface Corpus {
  readonly name: CorpusName
  readonly boosts: readonly Boost[]
  /** The orders beside relevance, by the names the lexicon gives them. */
  readonly sorts: Readonly<Record<string, Sort>>
  readonly facets: readonly string[]
}

/** What a row that meets a condition gains in score. Modest: it decides between rows that match about as well. */
export interface Boost {
  readonly percent: number
  readonly where: AtLeastOne
}

const hasTorrent: AtLeastOne = { kind: 'at-least-one', column: 'torrents', is: true }
const hasSeeder: AtLeastOne = { kind: 'at-least-one', column: 'seeders', is: true }

export const datasetFacets = [
  'keyword',
  'publisher',
  'license',
  'risk',
  'scarcity',
  'format',
  'author',
  'hasTorrent',
] as const

export const torrentFacets = ['author', 'format', 'metainfoStatus', 'hasWebseed'] as const

/** Datasets as they are searched. */
export const datasetCorpus: Corpus = {
  name: 'dataset',
  boosts: [
    { percent: 3, where: hasTorrent },
    { percent: 2, where: hasSeeder },
  ],
  sorts: {
    ...sharedSorts,
    'expected-gone': { by: 'column', column: 'deadline', absent: 'infinity', descending: false },
  },
  facets: datasetFacets,
}

/** Torrents as they are searched. */
export const torrentCorpus: Corpus = {
  name: 'torrent',
  boosts: [{ percent: 5, where: hasSeeder }],
  sorts: {
    ...sharedSorts,
    'most-seeders': { by: 'column', column: 'seeders', absent: '-1', descending: true },
  },
  facets: torrentFacets,
}
