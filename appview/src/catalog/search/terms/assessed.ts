import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows } from '../../sql.ts'
import { baseOf } from './codes.ts'
import { filterTerm } from './impacts.ts'

/**
 * Makes `risks`, `scarcities`, `deadline` and their codes say what the author and every visible assessment say now, of
 * these datasets or of those that these assessments judge.
 */
export async function refreshAssessed(
  tx: Db,
  scope: { datasetIds: readonly number[] } | { assessmentIds: readonly number[] },
): Promise<void> {
  const ids = 'datasetIds' in scope ? scope.datasetIds : await datasetsJudgedBy(tx, scope.assessmentIds)
  if (ids.length === 0) return
  const judged = await readJudged(tx, ids)
  const changed = judged.filter((row) => row.changed)
  if (changed.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.dataset AS d SET
      risks = ARRAY(SELECT jsonb_array_elements_text(input.risks)),
      scarcities = ARRAY(SELECT jsonb_array_elements_text(input.scarcities)), deadline = input.deadline,
      codes = ARRAY(
        SELECT code FROM unnest(d.codes) AS code WHERE NOT code = ANY (stale::bigint[])
        UNION SELECT unnest(fresh::bigint[]) ORDER BY 1)
    FROM ${recordset(
      changed.map((row) => ({
        id: row.id,
        risks: row.risks,
        scarcities: row.scarcities,
        deadline: row.deadline,
        stale: codesOf(row.oldRisks, row.oldScarcities),
        fresh: codesOf(row.risks, row.scarcities),
      })),
      'id bigint, risks jsonb, scarcities jsonb, deadline date, stale text, fresh text',
    )} WHERE d.id = input.id`)
}

/** Datasets that these assessments judge, by URI or by a shared identifier. */
export async function datasetsJudgedBy(tx: Db, assessmentIds: readonly number[]): Promise<number[]> {
  if (assessmentIds.length === 0) return []
  const found = await rows<{ id: number }>(
    tx,
    sql`
    WITH judging AS (SELECT subject_uri, subject_keys FROM catalog.assessment WHERE id = ${anyIdOf(assessmentIds)})
    SELECT d.id FROM catalog.dataset d JOIN judging ON d.uri = judging.subject_uri
    UNION
    SELECT k.dataset_id FROM judging CROSS JOIN unnest(subject_keys) AS subject_key
    JOIN catalog.dataset_key k ON k.key = subject_key`,
  )
  return found.map((row) => row.id)
}

interface Judged extends Record<string, unknown> {
  id: number
  oldRisks: string[]
  oldScarcities: string[]
  risks: string[]
  scarcities: string[]
  deadline: string | null
  changed: boolean
}

function readJudged(tx: Db, ids: readonly number[]): Promise<Judged[]> {
  return rows<Judged>(
    tx,
    sql`
    WITH said AS (
      SELECT d.id, d.risk, d.scarcity, d.gone_before FROM catalog.dataset d WHERE d.id = ${anyIdOf(ids)}
      UNION ALL
      SELECT d.id, a.risk, a.scarcity, a.gone_before FROM catalog.dataset d JOIN catalog.assessment a
        ON a.visible AND (a.subject_uri = d.uri OR a.subject_keys && ARRAY(
          SELECT k.key FROM catalog.dataset_key k WHERE k.dataset_id = d.id))
      WHERE d.id = ${anyIdOf(ids)}
    ), now AS (
      SELECT id, array_agg(DISTINCT risk ORDER BY risk) FILTER (WHERE risk IS NOT NULL) AS risks,
        array_agg(DISTINCT scarcity ORDER BY scarcity) FILTER (WHERE scarcity IS NOT NULL) AS scarcities,
        min(gone_before) AS deadline
      FROM said GROUP BY id)
    SELECT d.id, to_jsonb(d.risks) AS "oldRisks", to_jsonb(d.scarcities) AS "oldScarcities", to_jsonb(now.risks) AS risks,
      to_jsonb(now.scarcities) AS scarcities, now.deadline::text AS deadline,
      (d.risks, d.scarcities, d.deadline) IS DISTINCT FROM (now.risks, now.scarcities, now.deadline) AS changed
    FROM now JOIN catalog.dataset d USING (id)`,
  )
}

function codesOf(risks: readonly string[], scarcities: readonly string[]): string {
  const terms = [
    ...risks.map((risk) => filterTerm('risk', risk)),
    ...scarcities.map((scarcity) => filterTerm('scarcity', scarcity)),
  ]
  return `{${terms.map(baseOf).join(',')}}`
}
