import { isDeepStrictEqual } from 'node:util'
import { CommandError } from '../command-error.ts'
import type { RecordJson, RecordPlace, RecordRef, Repo, StoredRecord } from './repo.ts'

/** The result of a write. */
export interface Written extends RecordRef {
  readonly rkey: string
  readonly action: 'created' | 'updated' | 'unchanged'
}

/** Makes the record to write from the existing one; undefined leaves the existing one as it is. */
export type Revise = (existing: StoredRecord | undefined) => RecordJson | Promise<RecordJson>

const attempts = 4

/**
 * Writes a record without losing a concurrent change: the put is refused if the record is no longer the one that
 * `revise` saw (`swapRecord`), and then repeated. A record that would not change is not written.
 */
export async function putGuarded(repo: Repo, place: RecordPlace, revise: Revise): Promise<Written> {
  for (let attempt = 1; ; attempt++) {
    const existing = await repo.get(place.collection, place.rkey)
    const value = await revise(existing)
    if (existing && sameRecord(existing.value, value)) {
      return { uri: existing.uri, cid: existing.cid, rkey: place.rkey, action: 'unchanged' }
    }
    try {
      const ref = await repo.put(place, value, existing?.cid ?? null)
      return { ...ref, rkey: place.rkey, action: existing ? 'updated' : 'created' }
    } catch (error) {
      if (!(error instanceof CommandError && error.kind === 'conflict') || attempt === attempts) throw error
    }
  }
}

/** Whether two records are equal except for the `$type`, which the repo adds. */
export function sameRecord(a: RecordJson, b: RecordJson): boolean {
  const { $type: _a, ...restOfA } = a
  const { $type: _b, ...restOfB } = b
  return isDeepStrictEqual(withoutUndefined(restOfA), withoutUndefined(restOfB))
}

function withoutUndefined(value: RecordJson): unknown {
  return JSON.parse(JSON.stringify(value))
}
