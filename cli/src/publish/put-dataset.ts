import { isValidRecordKey } from '@atproto/syntax'
import { collections } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import { note } from '../output/terminal.ts'
import { type Merged, mergeRecord } from '../records/merge.ts'
import { putGuarded, type Written } from '../records/put-guarded.ts'
import type { RecordJson, Repo, StoredRecord } from '../records/repo.ts'
import { assertValid } from '../records/validate.ts'
import { maxDescriptionBytes, withDescription } from './describe.ts'
import { type MergeNotes, notesOf } from './merge-notes.ts'
import { type PublishedStates, type Remembered, remembered, type StateSource } from './published-states.ts'
import { isSameDataset } from './same-dataset.ts'
import { datasetSlug } from './slug.ts'

/** A dataset as its author or a catalog describes it. */
export interface DatasetDraft {
  readonly record: RecordJson
  /** The wanted record key; undefined to make one from identifier or title. */
  readonly rkey: string | undefined
  /** The full description, if the record contains only its first paragraphs. */
  readonly descriptionMarkdown?: string | undefined
  /** Whether fields that the draft lacks are to stay as they are, as with the flags of a command line. */
  readonly isPartial?: boolean
  /** Fields of the existing record that `replaceFields` keeps if the draft does not have them. */
  readonly keepFields?: readonly string[]
  /** Whether an existing record under the key is of this dataset; by default `isSameDataset` decides. */
  readonly isSame?: (existing: RecordJson) => boolean
}

/** The source of a statement, and the memory of its earlier statements. */
export interface Statement {
  readonly source: StateSource
  readonly states: PublishedStates
  /** Whether the record becomes what the draft says, including fields that its owner changed since the last time. */
  readonly replaceFields?: boolean | undefined
}

/** The result of a write, with the fields in which the record and the draft differ or differed. */
export type WrittenDataset = Written & MergeNotes

const maxSuffix = 100

/**
 * Writes a dataset record. If another body of data has the key, the key gets a suffix (`rivers-2`). A record of the
 * same data is updated, field by field (`mergeRecord`); one that already says the same is not written.
 */
export async function putDataset(
  repo: Repo,
  draft: DatasetDraft,
  statement: Statement,
): Promise<WrittenDataset> {
  assertDraft(draft)
  const base = draft.rkey ?? datasetSlug(draft.record)
  for (let suffix = 1; suffix <= maxSuffix; suffix++) {
    const rkey = suffix === 1 ? base : `${base}-${suffix}`
    try {
      return await putUnder(repo, rkey, { draft, statement })
    } catch (error) {
      if (!(error instanceof KeyTakenError)) throw error
      note(`The key ${rkey} belongs to another dataset of yours; trying ${base}-${suffix + 1}.`)
    }
  }
  throw new CommandError(
    'conflict',
    `${base} and ${maxSuffix} variants of it are in use; choose another rkey.`,
  )
}

/** Throws a CommandError unless the draft fits the lexicon, before anything is uploaded. */
export function assertDraft({ record, descriptionMarkdown, rkey }: DatasetDraft): void {
  if (rkey !== undefined && !isValidRecordKey(rkey))
    throw new CommandError(
      'usage',
      `${JSON.stringify(rkey)} is not a valid record key; use letters, digits and . _ ~ : - (at most 512 of them).`,
    )
  const description = descriptionMarkdown ?? (record.description as string | undefined)
  const fits = typeof description !== 'string' || Buffer.byteLength(description) <= maxDescriptionBytes
  const probe = { createdAt: new Date(0).toISOString(), ...record, ...(fits ? {} : { description: '' }) }
  assertValid(collections.dataset, probe, `The dataset ${rkey ?? JSON.stringify(record.title ?? '')}`)
}

class KeyTakenError extends Error {}

interface Said {
  readonly draft: DatasetDraft
  readonly statement: Statement
}

async function putUnder(repo: Repo, rkey: string, { draft, statement }: Said): Promise<WrittenDataset> {
  const { source, states, replaceFields } = statement
  let built: Built | undefined
  const written = await putGuarded(repo, { collection: collections.dataset, rkey }, async (existing) => {
    const before = existing && (await remembered(states, existing.uri, source))
    if (existing && !isSame(draft, existing.value, before?.said)) throw new KeyTakenError()
    built = await build(repo, draft, { existing, before, replaceFields })
    return built.record
  })
  const { said, notes } = built!
  const unsaid = draft.isPartial ? await states.get(written.uri, source) : undefined
  await states.remember(written.uri, source, { ...unsaid, ...said })
  return { ...written, ...notes }
}

/** The owner may have changed the fields that identify the record; then the draft still resembles the statement before it. */
function isSame(draft: DatasetDraft, existing: RecordJson, before: RecordJson | undefined): boolean {
  const decide = draft.isSame ?? ((found) => isSameDataset(found, draft.record))
  return decide(existing) || (before !== undefined && decide(before))
}

interface Built {
  readonly record: RecordJson
  readonly said: RecordJson
  readonly notes: MergeNotes
}

interface Before {
  readonly existing: StoredRecord | undefined
  readonly before: Remembered | undefined
  readonly replaceFields: boolean | undefined
}

async function build(
  repo: Repo,
  draft: DatasetDraft,
  { existing, before, replaceFields }: Before,
): Promise<Built> {
  const { $type: _type, createdAt = new Date().toISOString(), ...current } = existing?.value ?? {}
  const options = { text: draft.descriptionMarkdown, existing: existing?.value }
  const said = await withDescription(repo, draft.record, options)
  if (!existing || replaceFields) {
    const names = (draft.keepFields ?? []).filter((field) => current[field] !== undefined)
    const kept = Object.fromEntries(names.map((field) => [field, current[field]]))
    return { record: { createdAt, ...kept, ...said }, said, notes: {} }
  }
  const isPartial = draft.isPartial || before?.isOlder || false
  const merged = mergeRecord({ base: before?.said, current, incoming: said, isPartial })
  const record = withBlobOf(merged, { current, said })
  return { record: { createdAt, ...record }, said, notes: notesOf(merged) }
}

/** The blob with the full text and its first paragraphs in the record always come from the same side. */
function withBlobOf({ record }: Merged, from: { current: RecordJson; said: RecordJson }): RecordJson {
  if (from.current.description === from.said.description) return record
  const { descriptionBlob: _blob, ...rest } = record
  const { descriptionBlob } = record.description === from.current.description ? from.current : from.said
  return { ...rest, ...(descriptionBlob !== undefined && { descriptionBlob }) }
}
