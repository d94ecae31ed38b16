import { sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows } from '../../sql.ts'
import type { Facet } from '../search-results.ts'
import { filterTerm } from '../terms/impacts.ts'

type LabelOf = (value: string) => string | undefined

/** The facets with their values in words where those differ: an account by its handle, a keyword as somebody wrote it. */
export async function labelFacets(db: Db, facets: readonly Facet[]): Promise<Facet[]> {
  const [handleOf, keywordOf] = await Promise.all([
    accountLabels(db, valuesOf(facets, 'author')),
    keywordLabels(db, valuesOf(facets, 'keyword')),
  ])
  return withLabels(withLabels(facets, 'author', handleOf), 'keyword', keywordOf)
}

/** The same of accounts alone: their handles may change. */
export async function labelAccounts(db: Db, facets: readonly Facet[]): Promise<Facet[]> {
  return withLabels(facets, 'author', await accountLabels(db, valuesOf(facets, 'author')))
}

/** What a keyword is shown as, where that is something else; once written it stays. */
export async function keywordLabels(db: Db, keywords: readonly string[]): Promise<LabelOf> {
  if (keywords.length === 0) return () => undefined
  const found = await preparedRows<{ key: string; label: string }>(
    db,
    sql`SELECT key, text AS label FROM catalog.vocabulary
        WHERE kind = 'keyword' AND key = ${anyOf(keywords.map(keyOf))}`,
  )
  const labels = new Map(found.map(({ key, label }) => [key, label]))
  return (keyword) => differing(keyword, labels.get(keyOf(keyword)))
}

async function accountLabels(db: Db, dids: readonly string[]): Promise<LabelOf> {
  if (dids.length === 0) return () => undefined
  const found = await preparedRows<{ did: string; handle: string }>(
    db,
    sql`SELECT did, handle FROM catalog.account WHERE did = ${anyOf(dids)} AND handle IS NOT NULL`,
  )
  const handles = new Map(found.map(({ did, handle }) => [did, handle]))
  return (did) => handles.get(did)
}

function valuesOf(facets: readonly Facet[], wanted: string): string[] {
  return facets.flatMap(({ field, values }) => (field === wanted ? values.map(({ value }) => value) : []))
}

function withLabels(facets: readonly Facet[], field: string, labelOf: LabelOf): Facet[] {
  return facets.map((facet) => {
    if (facet.field !== field) return facet
    const values = facet.values.map((counted) => {
      const label = labelOf(counted.value)
      return label === undefined ? counted : { ...counted, label }
    })
    return { ...facet, values }
  })
}

function differing(value: string, label: string | undefined): string | undefined {
  return label === value ? undefined : label
}

/** As the vocabulary has it. */
function keyOf(keyword: string): string {
  return filterTerm('keyword', keyword).slice('keyword:'.length).slice(0, 200)
}
