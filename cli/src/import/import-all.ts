import { collections } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'
import { type DatasetDraft, putDataset, type Statement, type WrittenDataset } from '../publish/put-dataset.ts'
import type { RecordJson, Repo, StoredRecord } from '../records/repo.ts'
import type { LeftOver } from './fields.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'
import type { ListedTorrent } from './listed-torrent.ts'
import { placesInRepo } from './places-in-repo.ts'
import type { Input } from './read-input.ts'

export type Outcome =
  | {
      readonly index: number
      readonly written: WrittenDataset
      readonly leftOver: readonly LeftOver[]
      /** The torrents that the catalog lists for it, which are still to be published. */
      readonly torrents: readonly ListedTorrent[]
    }
  | { readonly index: number; readonly name: string; readonly problem: string }

/** Fields with people's judgments, which catalogs do not have: an import keeps them even if it replaces all other fields. */
export const curatedFields = [
  'risk',
  'scarcity',
  'sensitivity',
  'labels',
  'versionOf',
  'supersedes',
  'derivedFrom',
  'adoptedFrom',
]

/**
 * Writes the datasets of a catalog into a repo, one after the other, each to the place of its existing record
 * (`placesOfEntries`). Unchanged records are not written, so an interrupted import resumes where it stopped, and a
 * repeated import writes nothing. An entry that cannot be read is reported as an outcome; a server that fails is a
 * CommandError.
 */
export async function* importAll(
  repo: Repo,
  input: Input,
  { signal, statement }: { signal: AbortSignal | undefined; statement: Statement },
): AsyncGenerator<Outcome> {
  const listed = new Map<string, StoredRecord>()
  for await (const record of repo.list(collections.dataset)) listed.set(record.rkey, record)
  const entries = Array.from({ length: input.count }, (_, index) => readEntry(input, index))
  const drafts = entries.flatMap((read, index) =>
    'problem' in read ? [] : [{ index, draft: draftOf(read) }],
  )
  const found = await placesInRepo(
    drafts.map(({ draft }) => draft),
    listed,
    statement,
  )
  const places = new Map(drafts.map(({ index }, position) => [index, found[position]!]))
  const reader = withListing(repo, listed)
  for (const [index, read] of entries.entries()) {
    if (signal?.aborted) return
    if ('problem' in read) {
      yield { index, name: input.nameAt(index), problem: read.problem }
      continue
    }
    const { rkey, isKnown } = places.get(index)!
    const draft = { ...draftOf(read), rkey, ...(isKnown && { isSame: () => true }) }
    try {
      const written = await putDataset(reader, draft, statement)
      yield { index, written, leftOver: read.leftOver, torrents: read.torrents ?? [] }
    } catch (error) {
      if (!(error instanceof CommandError && error.kind === 'usage')) throw error
      yield { index, name: input.nameAt(index), problem: error.message }
    }
  }
}

type Entry = Imported | { problem: string }

function readEntry(input: Input, index: number): Entry {
  try {
    return input.importAt(index, { createdAt: new Date().toISOString() })
  } catch (error) {
    return { problem: (error as Error).message }
  }
}

/** The draft of an imported entry, for `putDataset`. */
export function draftOf({ rkey, record, descriptionMarkdown }: Imported): DatasetDraft {
  // The time of the import is not part of what the catalog says.
  const { createdAt: _createdAt, $type: _type, ...said } = record as unknown as RecordJson
  return { record: said, rkey: rkey || undefined, descriptionMarkdown, keepFields: curatedFields }
}

/**
 * The repo with its datasets read once. If a key is read a second time, it has been written since, or its put was
 * refused, so the repo is asked.
 */
function withListing(repo: Repo, listed: ReadonlyMap<string, StoredRecord>): Repo {
  const asked = new Set<string>()
  return {
    ...repo,
    async get(collection, rkey) {
      if (collection !== collections.dataset || asked.has(rkey)) return repo.get(collection, rkey)
      asked.add(rkey)
      return listed.get(rkey)
    },
  }
}
