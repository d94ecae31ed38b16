/** Filters and orders by what certain accounts, and not everybody, say of a dataset. */
import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../../sql.ts'
import { column } from '../terms/row-terms.ts'
import { instantOf } from './conditions.ts'
import type { Sort } from './corpus.ts'

/** What is asked of judgements: the parameters of `searchDatasets` of the same names. */
export interface JudgedFilters {
  readonly risk?: readonly string[] | undefined
  readonly scarcity?: readonly string[] | undefined
  readonly goneBefore?: string | undefined
  readonly sort?: string | undefined
}

/**
 * Datasets that these accounts have judged as the filters ask. Undefined where nothing is asked of judgements.
 */
export async function readJudged(
  db: Db,
  dids: readonly string[],
  parameters: JudgedFilters,
): Promise<number[] | undefined> {
  const { risk, scarcity, goneBefore, sort } = parameters
  if (!risk?.length && !scarcity?.length && !goneBefore && sort !== 'risk-deadline') return undefined
  const gone = instantOf(goneBefore)
  const found = await rows<{ id: number }>(
    db,
    sql`
    WITH said AS (
      SELECT subject_uri, subject_keys FROM catalog.assessment a WHERE a.visible AND a.did = ${anyOf(dids)}
        ${risk?.length ? sql`AND a.risk = ${anyOf(risk)}` : sql``}
        ${scarcity?.length ? sql`AND a.scarcity = ${anyOf(scarcity)}` : sql``}
        ${gone === undefined ? sql`` : sql`AND a.gone_before < ${gone}::timestamptz::date`}
      ORDER BY a.assessed_at DESC LIMIT 20000)
    SELECT d.id FROM said JOIN catalog.dataset d ON d.uri = said.subject_uri
    UNION
    SELECT k.dataset_id FROM said CROSS JOIN unnest(subject_keys) AS subject_key
    JOIN catalog.dataset_key k ON k.key = subject_key`,
  )
  return found.map((row) => row.id)
}

/** The earliest end that one of these accounts expects. Only for rows that they have judged. */
export function deadlineBy(dids: readonly string[]): Sort {
  return {
    key: (alias) => sql`coalesce((
      SELECT min(a.gone_before) FROM catalog.assessment a WHERE a.visible AND a.did = ${anyOf(dids)}
        AND (a.subject_uri = ${column(alias, 'uri')} OR a.subject_keys && ARRAY(
          SELECT k.key FROM catalog.dataset_key k WHERE k.dataset_id = ${column(alias, 'id')}))), 'infinity')`,
    type: 'date',
    descending: false,
  }
}
