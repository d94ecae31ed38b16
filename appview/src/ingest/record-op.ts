import { decode } from '@atproto/lex-cbor'
import type { LexMap } from '@atproto/lex-data'
import { lexToJson } from '@atproto/lex-json'
import { normalizeTypes } from '@holdfast/lexicons/authority'
import { isForeign, mapForeign } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'
import { recordWarnings } from '@holdfast/lexicons/rules'
import { isRecordKey, validateRecord } from '@holdfast/lexicons/validate'
import type { RecordOp } from '../catalog/apply-batch.ts'
import { type CidKey, cidKeyToString } from './cid-key.ts'
import { measureRecord, RecordCborError, type RecordMeasure } from './record-cbor.ts'
import type { RejectReason } from './reject-reason.ts'
import type { Wanted } from './wanted.ts'

/** A proved change of one record: its new bytes, or its deletion. */
export interface ProvedChange {
  readonly path: string
  readonly cid: CidKey | null
  /** The record's bytes; absent when a whole repository did not contain this block. */
  readonly record?: Uint8Array | undefined
}

/** A record that was measured but not yet decoded. */
export interface PlannedRecord {
  readonly bytes: Uint8Array
  /** The approximate size in memory of the decoded record. */
  readonly memoryBytes: number
  readonly collection: string
  /** Decodes and validates the record. `known` remembers the result, for other paths that name the same block. */
  decide(known: Map<string, RecordVerdict>): RecordOp
  reject(reason: RejectReason, detail: string): RecordOp
}

/** The decision on a record's bytes in a collection, which does not depend on the record key. */
export type RecordVerdict =
  | { readonly value: Record<string, unknown>; readonly warnings: readonly string[] }
  | { readonly reason: RejectReason; readonly detail: string }

const maxRecordBytes = 1_000_000
/** The most items of a record: four times what the richest real records have, and more than a lexicon and a megabyte allow. */
const maxRecordItems = 200_000
/** The size in memory of a key or a value, including its share of the object that contains it. */
const itemBytes = 48
const maxDetail = 2_000

/** Turns a proved change into the op that the catalog writes; or into a plan, when the record must be decoded for that. */
export function planRecord(
  did: string,
  change: ProvedChange,
  wanted: Wanted,
): RecordOp | PlannedRecord | undefined {
  const at = wanted.parsePath(change.path)
  if (!at) return undefined
  const uri = `at://${did}/${change.path}`
  if (change.cid === null) return { action: 'delete', uri }
  const base = { uri, kind: at.kind, cid: cidKeyToString(change.cid) }
  const { record } = change
  const reject = (reason: RejectReason, detail: string): RecordOp => ({
    ...{ action: 'reject', ...base, reason },
    detail: detail.slice(0, maxDetail),
  })
  if (!record)
    return reject('invalid-lexicon', `the host sent no record of type ${at.collection} for this path`)
  const refused = isRecordKey(collections[at.kind], at.rkey)
    ? refusalOf(record)
    : ({
        reason: 'invalid-record-key',
        detail: `${JSON.stringify(at.rkey)} is not a key this collection takes`,
      } as const)
  if ('reason' in refused) return reject(refused.reason, refused.detail)
  const memoryBytes = record.length + refused.items * itemBytes
  return {
    bytes: record,
    memoryBytes,
    collection: at.collection,
    reject,
    decide(known) {
      const name = `${at.collection} ${base.cid}`
      const verdict = known.get(name) ?? verdictOf(record, at, wanted)
      known.set(name, verdict)
      if ('reason' in verdict) return reject(verdict.reason, verdict.detail)
      return { action: 'put', ...base, ...verdict, sizeBytes: record.length, memoryBytes }
    },
  }
}

/** Measures a record, or returns why it is refused without being decoded. */
function refusalOf(record: Uint8Array): RecordMeasure | { reason: RejectReason; detail: string } {
  if (record.length > maxRecordBytes) {
    const detail = `the record has ${record.length} bytes; the limit is ${maxRecordBytes}`
    return { reason: 'record-too-large', detail }
  }
  let measure: RecordMeasure
  try {
    measure = measureRecord(record)
  } catch (error) {
    if (!(error instanceof RecordCborError)) throw error
    return { reason: 'invalid-cbor', detail: `the record is not canonical DAG-CBOR: ${error.message}` }
  }
  if (measure.items > maxRecordItems) {
    const detail = `the record has ${measure.items} keys and values; the limit is ${maxRecordItems}`
    return { reason: 'record-too-large', detail }
  }
  if (measure.unstorableKey)
    return { reason: 'unstorable', detail: `the name of a field ${measure.unstorableKey}` }
  return measure
}

type Place = NonNullable<ReturnType<Wanted['parsePath']>>

function verdictOf(record: Uint8Array, { collection, kind }: Place, wanted: Wanted): RecordVerdict {
  try {
    const value = normalizeTypes(decode<LexMap>(record), wanted.authorities)
    const validated = isForeign(collection)
      ? mapForeign(collection, value)
      : validateRecord(collection, value)
    if (!validated.ok) return { reason: 'invalid-lexicon', detail: validated.message }
    const found = recordWarnings(collections[kind], validated.record)
    const warnings = [...new Set(found.map(({ code }) => code))]
    return { value: lexToJson(value) as Record<string, unknown>, warnings }
  } catch (error) {
    const detail = `the record cannot be read: ${error instanceof Error ? error.message : error}`
    return { reason: 'invalid-cbor', detail }
  }
}
