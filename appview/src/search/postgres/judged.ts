/** Filters by the assessments of certain accounts, instead of everybody's. */
import { sql } from 'drizzle-orm'
import { shown } from '../../catalog/shown.ts'
import { anyOf, type Db, rows } from '../../store/sql.ts'

/** The parameters of `searchDatasets` that are about assessments; instants are in UTC. */
export interface JudgedFilters {
  readonly risk?: readonly string[] | undefined
  readonly scarcity?: readonly string[] | undefined
  readonly goneBefore?: string | undefined
  readonly sort?: string | undefined
}

/**
 * Finds the datasets of which these accounts say what the filters ask for. Undefined if no filter is about
 * assessments.
 */
export async function readJudged(
  db: Db,
  dids: readonly string[],
  parameters: JudgedFilters,
): Promise<number[] | undefined> {
  const { risk, scarcity, goneBefore, sort } = parameters
  if (!risk?.length && !scarcity?.length && !goneBefore && sort !== 'expected-gone') return undefined
  const found = await rows<{ id: number }>(
    db,
    sql`
    WITH said AS (
      SELECT subject_uri, subject_keys FROM catalog.assessment a WHERE ${shown('a')} AND a.did = ${anyOf(dids)}
        ${risk?.length ? sql`AND a.risk = ${anyOf(risk)}` : sql``}
        ${scarcity?.length ? sql`AND a.scarcity = ${anyOf(scarcity)}` : sql``}
        ${goneBefore === undefined ? sql`` : sql`AND a.gone_before < ${goneBefore}::timestamptz::date`}
      ORDER BY a.assessed_at DESC LIMIT 20000)
    SELECT d.id FROM said JOIN catalog.dataset d ON d.uri = said.subject_uri
    UNION
    SELECT k.dataset_id FROM said CROSS JOIN unnest(subject_keys) AS subject_key
    JOIN catalog.dataset_key k ON k.key = subject_key`,
  )
  return found.map((row) => row.id)
}
