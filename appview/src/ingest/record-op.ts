import { type LexMap, lexToJson } from '@atproto/lex'
import { decode } from '@atproto/lex-cbor'
import { normalizeTypes } from '@holdfast/lexicons/authority'
import { isForeign, mapForeign } from '@holdfast/lexicons/foreign'
import { collections } from '@holdfast/lexicons/nsid'
import { recordWarnings } from '@holdfast/lexicons/rules'
import { isRecordKey, validateRecord } from '@holdfast/lexicons/validate'
import type { RecordOp } from '../catalog/ingest-writes.ts'
import { type CidKey, cidKeyToString } from './cid-key.ts'
import type { RejectReason } from './reject-reason.ts'
import type { Wanted } from './wanted.ts'

/** A proved change of one record: its bytes, or that it is gone. */
export type ProvedChange = {
  readonly path: string
  readonly cid: CidKey | null
  /** Absent where a whole repository came without this record's block. */
  readonly record?: Uint8Array | undefined
}

const MAX_RECORD_BYTES = 1_000_000
const MAX_DETAIL = 2_000

/** Turns a proved change into what the catalogue writes: the record if it keeps its lexicon, else why not. */
export function toRecordOp(did: string, change: ProvedChange, wanted: Wanted): RecordOp | undefined {
  const at = wanted.parsePath(change.path)
  if (!at) return undefined
  const uri = `at://${did}/${change.path}`
  if (change.cid === null) return { action: 'delete', uri }
  const base = { uri, kind: at.kind, cid: cidKeyToString(change.cid) }
  const reject = (reason: RejectReason, detail: string): RecordOp => ({
    action: 'reject',
    ...base,
    reason,
    detail: detail.slice(0, MAX_DETAIL),
  })
  const { record } = change
  if (!record)
    return reject('invalid-lexicon', `the host sent no record of type ${at.collection} for this path`)
  if (record.length > MAX_RECORD_BYTES) {
    return reject(
      'record-too-large',
      `the record has ${record.length} bytes; the limit is ${MAX_RECORD_BYTES}`,
    )
  }
  if (!isRecordKey(collections[at.kind], at.rkey)) {
    return reject('invalid-record-key', `${JSON.stringify(at.rkey)} is not a key this collection takes`)
  }
  try {
    const value = normalizeTypes(decode<LexMap>(record), wanted.authorities)
    const validated = isForeign(at.collection)
      ? mapForeign(at.collection, value)
      : validateRecord(at.collection, value)
    if (!validated.ok) return reject('invalid-lexicon', validated.message)
    const found = recordWarnings(collections[at.kind], validated.record)
    const warnings = [...new Set(found.map(({ code }) => code))]
    return { action: 'put', ...base, value: lexToJson(value) as Record<string, unknown>, warnings }
  } catch (error) {
    return reject(
      'invalid-cbor',
      `the record cannot be read: ${error instanceof Error ? error.message : error}`,
    )
  }
}
