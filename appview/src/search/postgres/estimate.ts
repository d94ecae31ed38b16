import { sql } from 'drizzle-orm'
import { type SampleRate, sampleCode, sampleRates } from '../../search-terms/codes.ts'
import { anyCode, int } from '../../search-terms/row-terms.ts'
import { planBy } from '../../store/planner.ts'
import { type Db, rows } from '../../store/sql.ts'
import type { RequiredTerm } from '../plan/conditions.ts'
import type { Corpus } from '../plan/corpora.ts'
import type { Facet, PageRequest } from '../plan/engine.ts'
import { recordsOf } from '../plan/parsed-query.ts'
import { cardOf, lookUp, matchesOf } from './compile.ts'
import { type FacetRow, facetColumns, readFacets } from './facets.ts'

/** The number of cards that match, and their facets, counted in a sample and scaled up. */
export interface Estimate {
  cards: number
  facets: Facet[]
}

/** About how many rows of a sample are read. */
const sampleSize = 1_000

/**
 * Estimates from a random sample of one record in 8, 64 or 512: the smallest that has enough rows. `rarest` is the rarest
 * term of the query; without it, the sample is of the whole corpus.
 */
export async function estimate(
  tx: Db,
  corpus: Corpus,
  { page, rarest }: { page: PageRequest; rarest: RequiredTerm | undefined },
): Promise<Estimate> {
  const { statistics } = page
  const { facets } = page.request
  const all = statistics.records
  const among = rarest ? recordsOf(rarest, statistics) : all
  const rate: SampleRate = sampleRates.findLast((candidate) => among / candidate >= sampleSize / 4) ?? 8
  const narrow = rarest && among < all / 3 ? sql`AND ${lookUp(rarest, 'd')}` : sql``
  const row = { corpus: corpus.name, alias: 'd' } as const
  await planBy(tx, 'bitmap')
  const [counted] = await rows<{ cards: number } & FacetRow>(
    tx,
    sql`
    WITH candidate AS MATERIALIZED (
      SELECT ${cardOf(row)} AS card ${facetColumns(corpus, facets)}
      FROM ${sql.raw(`catalog.${corpus.name}`)} d
      WHERE d.visible::int = 1 AND ${anyCode('d', [sampleCode(rate)])} ${narrow} AND ${matchesOf(page, row)} LIMIT ${int(20 * sampleSize)})
    SELECT (SELECT count(DISTINCT card) FROM candidate)::int AS cards ${readFacets(facets, rate)}`,
  )
  return {
    cards: (counted?.cards ?? 0) * rate,
    facets: facets.map((field) => ({
      field,
      values: counted?.[`facet_${field}`] ?? [],
      estimated: true,
    })),
  }
}
