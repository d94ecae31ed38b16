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

/** How many cards match, and how they divide, counted over a sample and scaled up. */
export interface Estimate {
  cards: number
  facets: Facet[]
}

/** Rows of the sample that are worth looking at. */
const sampleSize = 1_000

/**
 * Estimates from the records that chance put in a sample: one in 8, 64 or 512, the smallest that still holds enough
 * rows. `rarest` is the rarest thing asked for; nothing, and the whole corpus is sampled.
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
