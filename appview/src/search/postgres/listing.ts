import type { Alias } from '../../search-terms/row-terms.ts'
import type { Db } from '../../store/sql.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { Facet, PageRequest, PageRow } from '../plan/engine.ts'
import { enoughOf, wantsAll } from '../plan/matching.ts'
import { hasWord, recordsOf } from '../plan/parsed-query.ts'
import { type CandidateChoice, type Candidates, greatestDepth, usualDepth } from './candidates.ts'
import { and, holds, keyOf, matchesOf } from './compile.ts'
import { estimate } from './estimate.ts'
import { type CompiledPage, readPage, walkPage } from './page.ts'

/** The rows of one page and, if they were all read, exact counts. */
export interface Found {
  rows: PageRow[]
  /** The number of cards among the rows that were read. */
  cards: number
  resume?: { key: string; id: number }
  /** Exact counts, if every row that matches was read. */
  exact?: { cards: number; facets: Facet[] }
}

/** Reads one page without ranking every match. */
export async function readRows(
  tx: Db,
  corpus: Corpus,
  page: PageRequest,
  choice: CandidateChoice,
): Promise<Found> {
  const { query, mode, request } = page
  const ranked = request.sort.by === 'relevance'
  const usual = chooseCandidates(page, choice, usualDepth)
  const compiled = compilePage(corpus, page, usual)
  if (!usual.complete && !ranked && wantsAll(query, mode)) return walkPage(tx, corpus, compiled)
  const read = await readPage(tx, corpus, {
    ...compiled,
    matches: stillOpen(corpus, page, usual),
    facets: usual.complete ? request.facets : [],
  })
  const overflowed = read.matched >= usual.limit
  if (usual.complete && !overflowed)
    return { rows: read.rows, cards: read.cards, exact: { cards: read.cards, facets: read.facets } }
  if (usual.complete && !ranked) return walkPage(tx, corpus, compiled)
  if (read.rows.length >= page.limit) return { rows: read.rows, cards: read.cards }
  const deeper = chooseCandidates(page, choice, greatestDepth)
  const deep = await readPage(tx, corpus, {
    ...compilePage(corpus, page, deeper),
    matches: stillOpen(corpus, page, deeper),
    facets: [],
  })
  return { rows: deep.rows, cards: deep.cards }
}

function compilePage(corpus: Corpus, page: PageRequest, candidates: Candidates): CompiledPage {
  const { query, request, limit } = page
  const { sort, after, facets } = request
  return {
    candidates,
    matches: (alias) => matchesOf(page, { corpus: corpus.name, alias }),
    sort,
    key: (alias) => keyOf(sort, { corpus, query, alias }),
    after,
    limit,
    facets,
  }
}

/** The conditions that are still to be checked in each candidate. */
function stillOpen(corpus: Corpus, page: PageRequest, { open }: Candidates): CompiledPage['matches'] {
  if (!open) return (alias) => matchesOf(page, { corpus: corpus.name, alias })
  const conditions = [...open, ...page.query.phrases, ...page.request.filters]
  return (alias: Alias) => and(conditions.map((one) => holds(one, { corpus: corpus.name, alias })))
}

function chooseCandidates(
  { query, mode, statistics }: PageRequest,
  choice: CandidateChoice,
  depth: number,
): Candidates {
  const { words, required } = query
  const choosing = { statistics, depth }
  if (wantsAll(query, mode) && words.length === 0) return choice.forPhrase(query, choosing)
  if (wantsAll(query, mode)) return choice.forAll(words, required, choosing)
  const enough = enoughOf(query, mode)
  // No word has to be there, so rows are looked up by the phrases and the other required terms.
  if (enough === 0) return choice.forPhrase(query, choosing)
  return choice.forMost(words, required, { enough, ...choosing })
}

/** Counts all cards and the facets: exactly if every match was read for the page, else by an estimate. */
export async function count(
  tx: Db,
  corpus: Corpus,
  page: PageRequest,
  found: Found,
): Promise<{ hitsTotal: number; hitsEstimated: boolean; facets?: Facet[] }> {
  const { query, mode, statistics, request } = page
  const { after, facets, filters } = request
  const withFacets = (counted: Facet[]) => (facets.length > 0 ? { facets: counted } : {})
  if (found.exact)
    return { hitsTotal: found.exact.cards, hitsEstimated: false, ...withFacets(found.exact.facets) }
  if (after && facets.length === 0) return { hitsTotal: after.cards, hitsEstimated: after.estimated }
  const whole = wantsAll(query, mode)
  const sought = [...query.required, ...(whole ? query.words.map(hasWord) : [])]
  const [rarest] = sought.sort((a, b) => recordsOf(a, statistics) - recordsOf(b, statistics))
  const isAlone = sought.length === 1 && query.phrases.length === 0 && filters.length === 0
  if (whole && rarest && isAlone && facets.length === 0) {
    return { hitsTotal: recordsOf(rarest, statistics), hitsEstimated: true }
  }
  // If some of the words are enough, most matches are poor, so the number of rows that were read is total enough.
  if (mode === 'some' && facets.length === 0) return { hitsTotal: found.cards, hitsEstimated: true }
  const estimated = await estimate(tx, corpus, { page, rarest })
  return {
    hitsTotal: Math.max(estimated.cards, found.rows.length),
    hitsEstimated: true,
    ...withFacets(estimated.facets),
  }
}
