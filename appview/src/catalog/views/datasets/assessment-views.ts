import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { toInstant } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'
import { type AuthorRow, authorJson, toAuthorView } from '../records/author-views.ts'

export interface AssessmentRow {
  total: number
  uri: string
  cid: string
  value: Record<string, unknown>
  indexedAt: string
  matchedBy: string
  author: AuthorRow
}

/** The visible assessments of the dataset `d` as a JSON array of {@link AssessmentRow}, newest first. */
export function assessmentsJson(limit: number): SQL {
  return sql`(
    SELECT jsonb_agg(jsonb_build_object('total', total, 'uri', r.uri, 'cid', r.cid, 'value', r.value,
      'indexedAt', r.indexed_at, 'matchedBy', newest.by, 'author', ${authorJson(sql`r.did`)})
      ORDER BY newest.assessed_at DESC, newest.id DESC)
    FROM (
      SELECT id, assessed_at, min(by) AS by, count(*) OVER () AS total
      FROM (
        SELECT s.id, s.assessed_at, 'uri' AS by FROM catalog.assessment s WHERE ${shown('s')} AND s.subject_uri = d.uri
        UNION ALL
        SELECT s.id, s.assessed_at, 'identifier' FROM catalog.dataset_key k
        JOIN catalog.assessment s ON ${shown('s')} AND s.subject_keys @> ARRAY[k.key] WHERE k.dataset_id = d.id
      ) AS named GROUP BY id, assessed_at ORDER BY assessed_at DESC, id DESC LIMIT ${limit}
    ) AS newest JOIN catalog.record r USING (id))`
}

/** Makes the view of an assessment, as its author wrote it. */
export function toAssessmentView(row: AssessmentRow): defs.AssessmentView {
  return {
    uri: row.uri as defs.AssessmentView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    record: row.value as defs.AssessmentView['record'],
    indexedAt: toInstant(row.indexedAt) as defs.AssessmentView['indexedAt'],
    matchedBy: row.matchedBy,
  }
}
