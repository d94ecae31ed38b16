import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'

export interface AssessmentRow {
  total: number
  uri: string
  cid: string
  /** Null for one that there is no room for. */
  value: Record<string, unknown> | null
  indexedAt: string
  matchedBy: string
  author: AuthorRow
}

/**
 * The visible assessments of the dataset `d` as a JSON array of {@link AssessmentRow}, newest first. Anybody can write large
 * ones about any dataset, so the largest are without their record, as far as all of them exceed `maxBytes`.
 */
export function assessmentsJson({ limit, maxBytes }: { limit: number; maxBytes: number }): SQL {
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('total', total, 'uri', r.uri, 'cid', r.cid, 'value', CASE WHEN upto <= ${maxBytes} THEN r.value END,
      'indexedAt', r.indexed_at, 'matchedBy', r.by, 'author', ${authorJson(sql`r.did`)})
      ORDER BY r.assessed_at DESC, r.id DESC)
    FROM (
      SELECT r.*, newest.total, newest.by, newest.assessed_at, sum(r.size_bytes) OVER (ORDER BY r.size_bytes, r.id) AS upto FROM (
      SELECT id, assessed_at, min(by) AS by, count(*) OVER () AS total
      FROM (
        SELECT s.id, s.assessed_at, 'uri' AS by FROM catalog.assessment s WHERE ${shown('s')} AND s.subject_uri = d.uri
        UNION ALL
        SELECT s.id, s.assessed_at, 'identifier' FROM catalog.dataset_key k
        JOIN catalog.assessment s ON ${shown('s')} AND s.subject_keys @> ARRAY[k.key] WHERE k.dataset_id = d.id
      ) AS named GROUP BY id, assessed_at ORDER BY assessed_at DESC, id DESC LIMIT ${limit}
      ) AS newest JOIN catalog.record r USING (id)) AS r)`
}

/** Makes the views of the assessments that there is room for, as their authors wrote them. */
export function toAssessmentViews(assessments: readonly AssessmentRow[]): defs.AssessmentView[] {
  return assessments.filter(({ value }) => value !== null).map(toAssessmentView)
}

function toAssessmentView(row: AssessmentRow): defs.AssessmentView {
  return {
    uri: row.uri as defs.AssessmentView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    record: row.value as defs.AssessmentView['record'],
    indexedAt: toInstant(row.indexedAt) as defs.AssessmentView['indexedAt'],
    matchedBy: row.matchedBy,
  }
}
