import type { Collection } from '@holdfast/lexicons/nsid'
import { recordWarnings } from '@holdfast/lexicons/rules'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { Failure } from '../failure.ts'
import { warn } from '../output/terminal.ts'
import type { RecordJson } from './repo.ts'

/** Largest record a repo takes (atproto repo spec), in bytes of CBOR, which JSON exceeds a little. */
const maxRecordBytes = 1_000_000

/** Throws a Failure that names the field, unless the record fits its lexicon; warns of parts an index passes over. */
export function assertValid(collection: Collection, record: RecordJson, what: string): void {
  const checked = validateRecordJson(collection, { ...record, $type: collection })
  if (!checked.ok) throw new Failure('usage', `${what} does not fit its lexicon: ${checked.message}`)
  const sizeBytes = Buffer.byteLength(JSON.stringify(record))
  if (sizeBytes > maxRecordBytes)
    throw new Failure('usage', `${what} is ${sizeBytes} bytes; a record has at most ${maxRecordBytes}.`)
  for (const { message } of recordWarnings(collection, checked.record)) warn(`${what}: ${message}`)
}
