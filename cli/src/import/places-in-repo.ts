import type { DatasetDraft, Statement } from '../publish/put-dataset.ts'
import { datasetSlug } from '../publish/slug.ts'
import type { RecordJson } from '../records/repo.ts'
import { isUnderItsKey, type Place, placesOfEntries } from './places-of-entries.ts'

/** A dataset of the repo, or the part of it that tells which data it is about (`identityOf`). */
export interface Listed {
  readonly uri: string
  readonly value: RecordJson
}

/** The place of each draft in a repo whose datasets are `listed` by their record keys. */
export async function placesInRepo(
  drafts: readonly DatasetDraft[],
  listed: ReadonlyMap<string, Listed>,
  { states, source, taken }: Pick<Statement, 'states' | 'source'> & { taken?: Iterable<string> },
): Promise<Place[]> {
  const entries = drafts.map(({ record, rkey }) => ({ record, rkey: rkey ?? datasetSlug(record) }))
  const existing = new Map([...listed].map(([rkey, { value }]) => [rkey, value]))
  for (const { rkey, record } of entries) {
    const found = listed.get(rkey)
    if (!found || isUnderItsKey(found.value, record)) continue
    // The owner may have changed the fields that identify the record; then the last import identifies it.
    const before = await states.get(found.uri, source)
    if (before) existing.set(rkey, before)
  }
  return placesOfEntries(entries, existing, taken)
}

/** The fields by which `placesOfEntries` recognizes a dataset, so that a large repo need not be in memory. */
export function identityOf({ title, homepage, identifiers, publisher }: RecordJson): RecordJson {
  const { name } = (publisher ?? {}) as { name?: unknown }
  return {
    title,
    ...(homepage !== undefined && { homepage }),
    ...(identifiers !== undefined && { identifiers }),
    ...(name !== undefined && { publisher: { name } }),
  }
}
