import { unboundedCandidates } from '@holdfast/appview/catalog/search/ranking/candidates'
import { searchWith } from '@holdfast/appview/catalog/search/searchDatasets'
import type { Db } from '@holdfast/appview/catalog/sql'

/** The ids of the first datasets when every match is ranked. */
export async function exactTop(db: Db, q: string, limit: number): Promise<number[]> {
  const { hits } = await searchWith(db, { q, limit }, unboundedCandidates)
  return hits.map((hit) => hit.id)
}
