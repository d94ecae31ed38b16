import { sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows } from '../store/sql.ts'
import { filterTerm } from './impacts.ts'

/** The label with which a value is shown; undefined when the value itself is shown. */
export type LabelOf = (value: string) => string | undefined

/** Reads the labels of keywords that differ from the keywords themselves. A label never changes once written. */
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

function differing(value: string, label: string | undefined): string | undefined {
  return label === value ? undefined : label
}

/** The key of a keyword in the vocabulary. */
function keyOf(keyword: string): string {
  return filterTerm('keyword', keyword).slice('keyword:'.length).slice(0, 200)
}
