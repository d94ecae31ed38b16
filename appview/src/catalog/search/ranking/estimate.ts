import { sql } from 'drizzle-orm'
import { type Db, rows } from '../../sql.ts'
import type { Corpus } from '../corpora/corpus.ts'
import { type FacetRow, facetColumns, readFacets } from '../corpora/facets.ts'
import type { Facet } from '../search-results.ts'
import { type SampleRate, sampleCode, sampleRates } from '../terms/codes.ts'
import { anyCode, int } from '../terms/row-terms.ts'
import type { Need } from './needs.ts'
import type { PageRequest } from './page.ts'
import { planBy } from './planner.ts'

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
  request: Pick<PageRequest, 'matches' | 'facets'> & { rarest: Need | undefined; all: number },
): Promise<Estimate> {
  const among = request.rarest?.records ?? request.all
  const rate: SampleRate = sampleRates.findLast((candidate) => among / candidate >= sampleSize / 4) ?? 8
  const narrow = request.rarest && among < request.all / 3 ? sql`AND ${request.rarest.lookUp('d')}` : sql``
  await planBy(tx, 'bitmap')
  const [row] = await rows<{ cards: number } & FacetRow>(
    tx,
    sql`
    WITH candidate AS MATERIALIZED (
      SELECT ${corpus.group('d')} AS card ${facetColumns(corpus, request.facets)}
      FROM ${sql.raw(`catalog.${corpus.name}`)} d
      WHERE d.visible::int = 1 AND ${anyCode('d', [sampleCode(rate)])} ${narrow} AND ${request.matches('d')} LIMIT ${int(20 * sampleSize)})
    SELECT (SELECT count(DISTINCT card) FROM candidate)::int AS cards ${readFacets(request.facets, rate)}`,
  )
  return {
    cards: (row?.cards ?? 0) * rate,
    facets: request.facets.map((field) => ({
      field,
      values: row?.[`facet_${field}`] ?? [],
      estimated: true,
    })),
  }
}
