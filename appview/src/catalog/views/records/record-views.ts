/** The common part of the views of datasets and torrents. */
import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { type Db, preparedRows, toInstant } from '../../../store/sql.ts'
import { type AuthorRow, authorJson, toAuthorView } from './author-views.ts'
import { selfLabels } from './record-labels.ts'
import { changedSince, type RecordRef, type RefTarget, readRefTargets, refsIn } from './record-refs.ts'
import { toWarnings } from './record-warnings.ts'

export interface RecordRow extends Record<string, unknown> {
  uri: string
  did: string
  cid: string
  value: Record<string, unknown>
  indexedAt: string
  warnings: string[]
  author: AuthorRow
}

/** The columns of a {@link RecordRow}; `r` is the alias of `catalog.record`. */
export const recordColumns: SQL = sql`
  r.uri, r.did, r.cid, r.value, r.indexed_at AS "indexedAt", r.warnings, ${authorJson(sql`r.did`)} AS author`

/** The references of a record, and the records to which they lead now. */
export interface Refs {
  readonly refs: readonly RecordRef[]
  readonly targets: ReadonlyMap<string, RefTarget>
}

/** Makes views of a query's rows in the order of `uris`, with the targets of the references in `refFields`. */
export async function readRecordViews<Row extends RecordRow, View>(
  db: Db,
  uris: readonly string[],
  {
    query,
    refFields,
    toView,
  }: { query: SQL; refFields: readonly string[]; toView: (row: Row, refs: Refs) => View },
): Promise<View[]> {
  if (uris.length === 0) return []
  const found = await preparedRows<Row>(db, query)
  const withRefs = found.map((row) => ({ row, refs: refsIn(row.value, refFields) }))
  const targets = await readRefTargets(
    db,
    withRefs.flatMap(({ refs }) => refs.map(({ uri }) => uri)),
  )
  const views = new Map(withRefs.map(({ row, refs }) => [row.uri, toView(row, { refs, targets })]))
  return uris.flatMap((uri) => views.get(uri) ?? [])
}

/** Makes the fields that the view of any record has. */
export function toRecordFields(row: RecordRow, { refs, targets }: Refs) {
  const changed = changedSince(refs, targets)
  const labels = selfLabels(row)
  return {
    uri: row.uri as defs.DatasetView['uri'],
    cid: row.cid,
    author: toAuthorView(row.author),
    indexedAt: toInstant(row.indexedAt) as defs.DatasetView['indexedAt'],
    ...(labels.length > 0 && { labels }),
    ...(changed.length > 0 && { changedSince: changed }),
    ...(row.warnings.length > 0 && { warnings: toWarnings(row.warnings) }),
  }
}

/** Whether a row of `catalog.record` says that it supersedes the record `uri`; this can use an index. */
export function supersedes(uri: SQL, alias = 'record'): SQL {
  const value = sql.raw(`${alias}.value`)
  return sql`(${value} ? 'supersedes' AND ${value} -> 'supersedes' ->> 'uri' = ${uri})`
}
