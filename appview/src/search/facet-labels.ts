import { sql } from 'drizzle-orm'
import { keywordLabels, type LabelOf } from '../search-terms/keyword-labels.ts'
import { anyOf, type Db, preparedRows } from '../store/sql.ts'
import type { Facet } from './plan/engine.ts'

/**
 * Adds labels to values that people would not recognize: the handle of an account, and a keyword as somebody wrote it.
 */
export async function labelFacets(db: Db, facets: readonly Facet[]): Promise<Facet[]> {
  const [handleOf, keywordOf] = await Promise.all([
    accountLabels(db, valuesOf(facets, 'author')),
    keywordLabels(db, valuesOf(facets, 'keyword')),
  ])
  return withLabels(withLabels(facets, 'author', handleOf), 'keyword', keywordOf)
}

/** Adds the labels of accounts only. */
export async function labelAccounts(db: Db, facets: readonly Facet[]): Promise<Facet[]> {
  return withLabels(facets, 'author', await accountLabels(db, valuesOf(facets, 'author')))
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
