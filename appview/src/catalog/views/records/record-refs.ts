import type { defs } from '@holdfast/lexicons'
import { sql } from 'drizzle-orm'
import { anyOf, type Db, preparedRows } from '../../../store/sql.ts'
import { shown } from '../../shown.ts'

/** A reference in a record, and the field that contains it. */
export interface RecordRef {
  field: string
  uri: string
  cid?: string
}

/** The record to which a reference leads now. */
export interface RefTarget {
  cid: string
  title: string | null
  visible: boolean
}

/** The references in these fields of a record, each a `#recordRef` or a list of them. */
export function refsIn(record: Readonly<Record<string, unknown>>, fields: readonly string[]): RecordRef[] {
  return fields.flatMap((field) => {
    const value = record[field]
    if (Array.isArray(value)) return value.flatMap((item, i) => toRef(`${field}/${i}`, item))
    return toRef(field, value)
  })
}

/** The targets of references in one query, by URI; what is not indexed is absent. */
export async function readRefTargets(db: Db, uris: readonly string[]): Promise<Map<string, RefTarget>> {
  if (uris.length === 0) return new Map()
  const found = await preparedRows<RefTarget & { uri: string } & Record<string, unknown>>(
    db,
    sql`SELECT r.uri, r.cid, ${shown('r')} AS visible, d.title FROM catalog.record r LEFT JOIN catalog.dataset d USING (id)
        WHERE r.uri = ${anyOf([...new Set(uris)])}`,
  )
  return new Map(found.map((row) => [row.uri, row]))
}

/** The references whose target is no longer the version that was referred to. */
export function changedSince(
  refs: readonly RecordRef[],
  targets: ReadonlyMap<string, RefTarget>,
): defs.ChangedRef[] {
  return refs.flatMap(({ field, uri, cid }): defs.ChangedRef[] => {
    const target = targets.get(uri)
    // A target that this index does not have may be unchanged, so only known targets count as changed.
    if (cid === undefined || !target?.visible || target.cid === cid) return []
    return [{ field, uri: uri as defs.ChangedRef['uri'], cid, currentCid: target.cid }]
  })
}

function toRef(field: string, value: unknown): RecordRef[] {
  if (typeof value !== 'object' || value === null || !('uri' in value) || typeof value.uri !== 'string')
    return []
  const cid = 'cid' in value && typeof value.cid === 'string' ? { cid: value.cid } : {}
  return [{ field, uri: value.uri, ...cid }]
}
