import type { CorpusName } from '../../search-terms/term-statistics.ts'
import type { AtLeastOne } from './conditions.ts'
import { type Sort, sharedSorts } from './sorts.ts'

/** What differs between searching datasets and searching torrents. */
export interface Corpus {
  readonly name: CorpusName
  readonly boosts: readonly Boost[]
  /** The orders besides relevance, by their names in the lexicon. */
  readonly sorts: Readonly<Record<string, Sort>>
  readonly facets: readonly string[]
}

/**
 * The share by which a condition raises a row's score. It is small, to decide only between rows that match about
 * equally well.
 */
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

export const torrentCorpus: Corpus = {
  name: 'torrent',
  boosts: [{ percent: 5, where: hasSeeder }],
  sorts: {
    ...sharedSorts,
    'most-seeders': { by: 'column', column: 'seeders', absent: '-1', descending: true },
  },
  facets: torrentFacets,
}
