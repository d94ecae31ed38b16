import { collections } from '@holdfast/lexicons/nsid'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { maxDescriptionBytes } from '../publish/describe.ts'
import type { RecordJson } from '../records/repo.ts'
import type { LeftOver } from './fields.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'

/** If an entry has more faults than this, it is rejected as a whole. */
const maxFaults = 500

/**
 * Removes what the lexicon rejects, such as a keyword of three hundred letters or an invalid address, and lists it as
 * left over: one odd value should neither keep a dataset out nor disappear unnoticed.
 */
export function fit(imported: Imported): Imported {
  const leftOver: LeftOver[] = [...imported.leftOver]
  let record = imported.record as unknown as RecordJson
  for (let faults = 0; faults < maxFaults; faults++) {
    const checked = validateRecordJson(collections.dataset, withoutLongDescription(record))
    if (checked.ok) break
    const [field = '', index] = checked.field.split('/')
    const value = record[field]
    if (value === undefined || field === 'title' || field === 'createdAt') break
    if (Array.isArray(value) && index !== undefined && Number(index) < value.length) {
      leftOver.push({ field: `${field}/${index}`, value: value[Number(index)] })
      record = { ...record, [field]: value.toSpliced(Number(index), 1) }
      continue
    }
    const { [field]: refused, ...rest } = record
    leftOver.push({ field, value: refused })
    record = rest
  }
  return { ...imported, record: record as unknown as Imported['record'], leftOver }
}

/** The record without its description if that is long; it is stored later, as a blob. */
function withoutLongDescription(record: RecordJson): RecordJson {
  const { description, ...rest } = record
  const isLong = typeof description === 'string' && Buffer.byteLength(description) > maxDescriptionBytes
  return isLong ? rest : record
}
