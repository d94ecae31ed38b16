import { isSameDataset, joiningKeys, sameByIdentifiers, samePage } from '../publish/same-dataset.ts'
import type { RecordJson } from '../records/repo.ts'

/** An entry of a catalog in the form to be written, and the key that its own identifier gives. */
export interface Entry {
  readonly rkey: string
  readonly record: RecordJson
}

export interface Place {
  readonly rkey: string
  /** Whether a record of the same data exists there. */
  readonly isKnown: boolean
}

/**
 * Decides where each entry of a catalog is written: to the record of the same data, whatever its key, so that an entry that was
 * renamed or moved is updated and not added again; otherwise to a new key. No two entries get the same place, and none gets
 * one of `alreadyTaken`.
 */
export function placesOfEntries(
  entries: readonly Entry[],
  existing: ReadonlyMap<string, RecordJson>,
  alreadyTaken: Iterable<string> = [],
): Place[] {
  const joined = Map.groupBy(
    [...existing].flatMap(([rkey, value]) => joiningKeys(value).map((key) => ({ key, rkey }))),
    ({ key }) => key,
  )
  const places = new Array<Place | undefined>(entries.length)
  const taken = new Set(alreadyTaken)
  /** Gives the entries without a place, in their order, the place that `find` returns. */
  const settle = (find: (entry: Entry) => string | undefined, isKnown: boolean) => {
    for (const [index, entry] of entries.entries()) {
      const rkey = places[index] ? undefined : find(entry)
      if (rkey === undefined) continue
      places[index] = { rkey, isKnown }
      taken.add(rkey)
    }
  }
  const free = (rkey: string) => existing.has(rkey) && !taken.has(rkey)
  const elsewhere = ({ record }: Entry, isOf: (value: RecordJson) => boolean) =>
    joiningKeys(record)
      .flatMap((key) => joined.get(key) ?? [])
      .find(({ rkey }) => free(rkey) && isOf(existing.get(rkey)!))?.rkey

  settle(
    (entry) =>
      underKey(entry, (rkey) => free(rkey) && sameByIdentifiers(existing.get(rkey)!, entry.record) === true),
    true,
  )
  settle((entry) => elsewhere(entry, (value) => sameByIdentifiers(value, entry.record) === true), true)
  settle(
    (entry) => underKey(entry, (rkey) => free(rkey) && isUnderItsKey(existing.get(rkey)!, entry.record)),
    true,
  )
  settle((entry) => elsewhere(entry, (value) => isSameDataset(value, entry.record)), true)
  settle(
    (entry) => underKey(entry, (rkey) => !existing.has(rkey) && !taken.has(rkey), Number.POSITIVE_INFINITY),
    false,
  )
  return places as Place[]
}

/**
 * Whether a record is that of an entry. Under the key that the catalog gives it, the same homepage is enough, because
 * the title may have changed completely.
 */
export function isUnderItsKey(value: RecordJson, entry: RecordJson): boolean {
  return isSameDataset(value, entry) || (sameByIdentifiers(value, entry) ?? samePage(value, entry)) === true
}

/** The first of `rivers`, `rivers-2`, … for which `fits` returns true. */
function underKey({ rkey }: Entry, fits: (rkey: string) => boolean, most = 100): string | undefined {
  for (let suffix = 1; suffix <= most; suffix++) {
    const key = suffix === 1 ? rkey : `${rkey}-${suffix}`
    if (fits(key)) return key
  }
  return undefined
}
