import type { Db } from '../../sql.ts'
import type { Corpus } from '../corpora/corpus.ts'
import type { Facet } from '../search-results.ts'
import type { Alias } from '../terms/row-terms.ts'
import { and, type CandidateChoice, type Candidates, greatestDepth, usualDepth } from './candidates.ts'
import type { PageRow, Wanted } from './engine.ts'
import { estimate } from './estimate.ts'
import { mostOfWeight } from './matching.ts'
import { wordNeed } from './needs.ts'
import { readPage, walkPage } from './page.ts'

/** Rows of one page and, where they are known from it, exact counts. */
export interface Found {
  rows: PageRow[]
  /** Cards among the rows that were looked at. */
  cards: number
  resume?: { key: string; id: number }
  /** Exact counts, where no row that matches was left out. */
  exact?: { cards: number; facets: Facet[] }
}

/** Reads one page more cheaply than by ranking every match. */
export async function readRows(
  tx: Db,
  corpus: Corpus,
  wanted: Wanted,
  choice: CandidateChoice,
): Promise<Found> {
  const ranked = wanted.sortName === 'relevance'
  const usual = chooseCandidates(wanted, choice, usualDepth)
  if (!usual.complete && !ranked && wanted.mode === 'all')
    return walkPage(tx, corpus, { ...wanted, candidates: usual })
  const page = await readPage(tx, corpus, {
    ...wanted,
    ...narrowed(wanted, usual),
    facets: usual.complete ? wanted.facets : [],
  })
  const overflowed = page.matched >= usual.limit
  if (usual.complete && !overflowed)
    return { rows: page.rows, cards: page.cards, exact: { cards: page.cards, facets: page.facets } }
  if (usual.complete && !ranked) return walkPage(tx, corpus, { ...wanted, candidates: usual })
  if (page.rows.length >= wanted.limit) return { rows: page.rows, cards: page.cards }
  const deeper = chooseCandidates(wanted, choice, greatestDepth)
  const deep = await readPage(tx, corpus, { ...wanted, ...narrowed(wanted, deeper), facets: [] })
  return { rows: deep.rows, cards: deep.cards }
}

/** Candidates, and what is still to be checked in each of them. */
function narrowed({ asked, matches }: Wanted, candidates: Candidates) {
  const { open } = candidates
  const rest = (alias: Alias) =>
    and([...open!.map((need) => need.holds(alias)), ...asked.checks.map((check) => check.holds(alias))])
  return { candidates, matches: open ? rest : matches }
}

function chooseCandidates(
  { asked, mode, statistics }: Wanted,
  choice: CandidateChoice,
  depth: number,
): Candidates {
  return mode === 'all'
    ? choice.forAll(asked.words, asked.needs, { all: statistics.records, depth })
    : choice.forMost(asked.words, asked.needs, { enough: mostOfWeight, depth })
}

/** Cards in all and facets: exact where the page's candidates were complete, else estimated. */
export async function count(
  tx: Db,
  corpus: Corpus,
  wanted: Wanted,
  found: Found,
): Promise<{ hitsTotal: number; hitsEstimated: boolean; facets?: Facet[] }> {
  const { asked, statistics, after, facets } = wanted
  const withFacets = (counted: Facet[]) => (facets.length > 0 ? { facets: counted } : {})
  if (found.exact)
    return { hitsTotal: found.exact.cards, hitsEstimated: false, ...withFacets(found.exact.facets) }
  if (after && facets.length === 0) return { hitsTotal: after.cards, hitsEstimated: after.estimated }
  const required = wanted.mode === 'all' ? asked.words.map(wordNeed) : []
  const all = [...asked.needs, ...required].sort((a, b) => a.records - b.records)
  if (wanted.mode === 'all' && all.length === 1 && asked.checks.length === 0 && facets.length === 0) {
    return { hitsTotal: all[0]!.records, hitsEstimated: true }
  }
  // Where not all words are wanted the tail is long and of no interest: what was looked at will do.
  if (wanted.mode === 'most' && facets.length === 0) return { hitsTotal: found.cards, hitsEstimated: true }
  const estimated = await estimate(tx, corpus, { ...wanted, rarest: all[0], all: statistics.records })
  return {
    hitsTotal: Math.max(estimated.cards, found.rows.length),
    hitsEstimated: true,
    ...withFacets(estimated.facets),
  }
}
