import { sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows } from '../../sql.ts'
import type { Facet } from '../search-results.ts'
import { filterTerm } from '../terms/impacts.ts'

/** The facets with their values in words where those differ: an account by its handle, a keyword as somebody wrote it. */
export async function labelFacets(db: Db, facets: readonly Facet[]): Promise<Facet[]> {
  const valuesOf = (wanted: string) =>
    facets.flatMap(({ field, values }) => (field === wanted ? values.map(({ value }) => value) : []))
  const [accounts, keywords] = [valuesOf('author'), valuesOf('keyword')]
  if (accounts.length + keywords.length === 0) return [...facets]
  const found = await preparedRows<{ field: string; key: string; label: string }>(
    db,
    sql`
    SELECT 'author' AS field, did AS key, handle AS label FROM catalog.account
    WHERE did = ${anyOf(accounts)} AND handle IS NOT NULL
    UNION ALL
    SELECT 'keyword', key, text FROM catalog.vocabulary
    WHERE kind = 'keyword' AND key = ${anyOf(keywords.map(keyOf))}`,
  )
  const labels = new Map(found.map(({ field, key, label }) => [`${field} ${key}`, label]))
  return facets.map((facet) => ({
    ...facet,
    values: facet.values.map((counted) => {
      const key = facet.field === 'keyword' ? keyOf(counted.value) : counted.value
      const label = labels.get(`${facet.field} ${key}`)
      return label === undefined || label === counted.value ? counted : { ...counted, label }
    }),
  }))
}

/** As the vocabulary has it. */
function keyOf(keyword: string): string {
  return filterTerm('keyword', keyword).slice('keyword:'.length).slice(0, 200)
}
