import type { Collection } from '@holdfast/lexicons/nsid'
import { recordWarnings } from '@holdfast/lexicons/rules'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { counted } from '@holdfast/runtime/counted'
import { CommandError } from '../command-error.ts'
import { warn } from '../output/terminal.ts'
import type { RecordJson } from './repo.ts'

/** The largest record that a repo accepts (atproto repo spec), in bytes of CBOR; the JSON form is a little larger. */
const maxRecordBytes = 1_000_000

/**
 * Throws a CommandError that names the field unless the record fits its lexicon. Warns about parts that an index will
 * ignore.
 */
export function assertValid(collection: Collection, record: RecordJson, what: string): void {
  const checked = validateRecordJson(collection, { ...record, $type: collection })
  if (!checked.ok) throw new CommandError('usage', `${what} does not fit its lexicon: ${checked.message}`)
  const sizeBytes = Buffer.byteLength(JSON.stringify(record))
  if (sizeBytes > maxRecordBytes)
    throw new CommandError(
      'usage',
      `${what} is ${counted(sizeBytes, 'byte')}; a record may have at most ${maxRecordBytes}.`,
    )
  for (const { message } of recordWarnings(collection, checked.record)) warn(`${what}: ${message}`)
}
