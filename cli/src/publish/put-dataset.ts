import { isValidRecordKey } from '@atproto/syntax'
import { collections } from '@holdfast/lexicons/nsid'
import { Failure } from '../failure.ts'
import { note } from '../output/terminal.ts'
import { putGuarded, type Written } from '../records/put-guarded.ts'
import type { RecordJson, Repo, StoredRecord } from '../records/repo.ts'
import { assertValid } from '../records/validate.ts'
import { maxDescriptionBytes, withDescription } from './describe.ts'
import { isSameDataset } from './same-dataset.ts'
import { datasetSlug } from './slug.ts'

/** A dataset as its author or a catalogue describes it. */
export interface DatasetDraft {
  readonly record: RecordJson
  /** The key it is to have; undefined: made from identifier or title. */
  readonly rkey: string | undefined
  /** The whole description, where it is not in the record. */
  readonly descriptionMarkdown?: string | undefined
  /** Fields of the existing record that stay when the draft does not have them. */
  readonly keepFields?: readonly string[]
  /** Whether a record that is there under the key is of this dataset; by default `isSameDataset` decides. */
  readonly isSame?: (existing: RecordJson) => boolean
}

const maxSuffix = 100

/**
 * Writes a dataset record. A key that another body of data has taken gets a suffix (`rivers-2`); a record of the same
 * data is updated; one that says the same already is left alone.
 */
export async function putDataset(repo: Repo, draft: DatasetDraft): Promise<Written> {
  assertDraft(draft)
  const base = draft.rkey ?? datasetSlug(draft.record)
  const isSame = draft.isSame ?? ((existing) => isSameDataset(existing, draft.record))
  for (let suffix = 1; suffix <= maxSuffix; suffix++) {
    const rkey = suffix === 1 ? base : `${base}-${suffix}`
    try {
      return await putGuarded(repo, { collection: collections.dataset, rkey }, (existing) => {
        if (existing && !isSame(existing.value)) throw new KeyTaken()
        return buildRecord(repo, draft, existing)
      })
    } catch (error) {
      if (!(error instanceof KeyTaken)) throw error
      note(`The key ${rkey} belongs to another dataset of yours; trying ${base}-${suffix + 1}.`)
    }
  }
  throw new Failure('conflict', `${base} and ${maxSuffix} variants of it are taken; choose another rkey.`)
}

/** Throws a Failure unless the draft fits the lexicon, before anything is uploaded. */
export function assertDraft({ record, descriptionMarkdown, rkey }: DatasetDraft): void {
  if (rkey !== undefined && !isValidRecordKey(rkey))
    throw new Failure(
      'usage',
      `${JSON.stringify(rkey)} is no record key; use letters, digits and . _ ~ : - (at most 512 of them).`,
    )
  const description = descriptionMarkdown ?? (record.description as string | undefined)
  const fits = typeof description !== 'string' || Buffer.byteLength(description) <= maxDescriptionBytes
  const probe = { createdAt: new Date(0).toISOString(), ...record, ...(fits ? {} : { description: '' }) }
  assertValid(collections.dataset, probe, `The dataset ${rkey ?? JSON.stringify(record.title ?? '')}`)
}

class KeyTaken extends Error {}

async function buildRecord(
  repo: Repo,
  draft: DatasetDraft,
  existing: StoredRecord | undefined,
): Promise<RecordJson> {
  const kept = Object.fromEntries(
    (draft.keepFields ?? [])
      .filter((field) => existing?.value[field] !== undefined)
      .map((field) => [field, existing!.value[field]]),
  )
  const createdAt = existing?.value.createdAt ?? new Date().toISOString()
  return withDescription(
    repo,
    { createdAt, ...kept, ...draft.record },
    { text: draft.descriptionMarkdown, existing: existing?.value },
  )
}
