import { sql } from 'drizzle-orm'
import { baseOf } from '../../search-terms/codes.ts'
import { filterTerm } from '../../search-terms/impacts.ts'
import { anyIdOf, type Db, recordset, rows } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

/**
 * Recomputes `risks`, `scarcities`, `deadline` and their codes from what the author and every visible assessment say, for
 * touched datasets and for datasets that touched assessments are about.
 */
export async function refreshAssessed(tx: Db, { assessments, assessedDatasets }: Touched): Promise<void> {
  const judgedBy = await datasetsJudgedBy(tx, [...assessments])
  const ids = [...new Set([...assessedDatasets, ...judgedBy])]
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

/** An assessment by a key, such as a DOI, applies to at most this many datasets with that key; the oldest are chosen. */
const maxJudgedPerKey = 100
/** At most this many assessments of one dataset are counted. */
const maxJudgments = 1_000

/** The datasets that these assessments are about, by URI or by a shared identifier. */
export async function datasetsJudgedBy(tx: Db, assessmentIds: readonly number[]): Promise<number[]> {
  if (assessmentIds.length === 0) return []
  const found = await rows<{ id: number }>(
    tx,
    sql`
    WITH judging AS (SELECT subject_uri, subject_keys FROM catalog.assessment WHERE id = ${anyIdOf(assessmentIds)})
    SELECT d.id FROM catalog.dataset d JOIN judging ON d.uri = judging.subject_uri
    UNION
    SELECT k.dataset_id FROM (SELECT DISTINCT unnest(subject_keys) AS key FROM judging) AS named
    CROSS JOIN LATERAL (
      SELECT dataset_id FROM catalog.dataset_key WHERE key = named.key ORDER BY dataset_id LIMIT ${maxJudgedPerKey}) AS k`,
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
      SELECT d.id, a.risk, a.scarcity, a.gone_before FROM catalog.dataset d CROSS JOIN LATERAL (
        SELECT a.risk, a.scarcity, a.gone_before FROM catalog.assessment a
        WHERE a.visible AND (a.subject_uri = d.uri OR a.subject_keys && ARRAY(
          SELECT k.key FROM catalog.dataset_key k WHERE k.dataset_id = d.id)) LIMIT ${maxJudgments}) AS a
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
