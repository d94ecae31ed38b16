import { collections } from '@holdfast/lexicons/nsid'
import { Failure } from '../failure.ts'
import { type DatasetDraft, putDataset } from '../publish/put-dataset.ts'
import type { Written } from '../records/put-guarded.ts'
import type { RecordJson, Repo, StoredRecord } from '../records/repo.ts'
import type { LeftOver } from './fields.ts'
import type { Imported } from './formats/aws-open-data-registry.ts'
import type { Input } from './read-input.ts'

export type Outcome =
  | { readonly index: number; readonly written: Written; readonly leftOver: readonly LeftOver[] }
  | { readonly index: number; readonly name: string; readonly problem: string }

/** Fields in which people judge and catalogues do not: an import leaves what was added there. */
const curatedFields = [
  'risk',
  'scarcity',
  'sensitivity',
  'labels',
  'versionOf',
  'supersedes',
  'derivedFrom',
  'adoptedFrom',
]

/** Below this many entries each record is asked for by itself; above, the repo is listed once. */
const fewEntries = 20

/**
 * Writes the datasets of a catalogue into a repo, one after the other. What the repo says already is not written, so that
 * an import which was interrupted goes on where it stopped and one that is run again writes nothing. An entry that
 * cannot be read is an outcome; a server that fails is a Failure.
 */
export async function* importAll(
  repo: Repo,
  input: Input,
  signal: AbortSignal | undefined,
): AsyncGenerator<Outcome> {
  const reader = input.count > fewEntries ? await withListing(repo) : repo
  for (let index = 0; index < input.count; index++) {
    if (signal?.aborted) return
    let imported: Imported
    try {
      imported = input.importAt(index, { createdAt: new Date().toISOString() })
    } catch (error) {
      yield { index, name: input.nameAt(index), problem: (error as Error).message }
      continue
    }
    try {
      const written = await putDataset(reader, draftOf(imported))
      yield { index, written, leftOver: imported.leftOver }
    } catch (error) {
      if (!(error instanceof Failure && error.kind === 'usage')) throw error
      yield { index, name: input.nameAt(index), problem: error.message }
    }
  }
}

/** What `putDataset` needs of an imported entry. */
export function draftOf({ rkey, record, descriptionMarkdown }: Imported): DatasetDraft {
  // The time of the import is no part of what the catalogue says.
  const { createdAt: _createdAt, $type: _type, ...said } = record as unknown as RecordJson
  return { record: said, rkey: rkey || undefined, descriptionMarkdown, keepFields: curatedFields }
}

/** The repo with its datasets read once. A key asked for a second time has been written since, or its put was refused. */
async function withListing(repo: Repo): Promise<Repo> {
  const listed = new Map<string, StoredRecord>()
  for await (const record of repo.list(collections.dataset)) listed.set(record.rkey, record)
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
