import { isDeepStrictEqual } from 'node:util'
import type { RecordJson } from './repo.ts'

/** The inputs of a merge, when a source (a metadata file, a catalog) makes a new statement about a record. */
export interface Merge {
  /** The last statement of the source; undefined if it is not known. */
  readonly base: RecordJson | undefined
  /** The existing record, with the changes that its owner has made. */
  readonly current: RecordJson
  /** The new statement of the source. */
  readonly incoming: RecordJson
  /** Whether fields that the source does not mention stay as they are, as with the flags of a command line. */
  readonly isPartial: boolean
}

/** The merged record, and the names (`risk`, `license.url`) of the fields in which the record and the source differ. */
export interface Merged {
  readonly record: RecordJson
  /** Fields that stay as the record had them, though the source says otherwise. */
  readonly kept: readonly string[]
  /** Fields that are now as the source says, with the record's former value: it is not known who wrote that. */
  readonly replaced: readonly Replaced[]
  /** Fields that were removed because the source no longer has them. */
  readonly removed: readonly string[]
}

export interface Replaced {
  readonly field: string
  readonly was: unknown
}

/**
 * A three-way merge, field by field. New statements of the source are taken over; what the owner changed since the last
 * statement is kept, even if the source changed it, too. Lists are merged by their items. Without a base, an edit
 * cannot be told from an older statement: then fields that the source does not mention stay, lists keep the items of
 * both, and a field that both have becomes the source's, with its former value in `replaced`.
 */
export function mergeRecord({ base, current, incoming, isPartial }: Merge): Merged {
  const notes = { kept: new Set<string>(), replaced: [] as Replaced[], removed: new Set<string>() }
  const fields: [string, unknown][] = []
  for (const name of new Set([...Object.keys(current), ...Object.keys(incoming)])) {
    if (isPartial && incoming[name] === undefined) {
      fields.push([name, current[name]])
      if (base !== undefined && !isDeepStrictEqual(current[name], base[name])) notes.kept.add(name)
      continue
    }
    const said = base === undefined ? unknown : base[name]
    const merged = mergeValue({ base: said, current: current[name], incoming: incoming[name] }, name, notes)
    if (merged !== undefined) fields.push([name, merged])
    else if (current[name] !== undefined) notes.removed.add(name)
  }
  // A field may be named `__proto__`, which an assignment would make the prototype.
  const record = Object.fromEntries(fields)
  return { record, kept: [...notes.kept], replaced: notes.replaced, removed: [...notes.removed] }
}

/** Marks a base that is not known, whereas a known base that lacked the value is undefined. */
const unknown = Symbol('unknown')

interface Versions<T = unknown> {
  readonly base: T | typeof unknown
  readonly current: T
  readonly incoming: T
}

interface Notes {
  readonly kept: Set<string>
  readonly replaced: Replaced[]
  readonly removed: Set<string>
}

function mergeValue(versions: Versions, field: string, notes: Notes): unknown {
  const { base, current, incoming } = versions
  if (isDeepStrictEqual(current, incoming)) return current
  if (base === unknown && (current === undefined || incoming === undefined)) {
    if (current !== undefined) notes.kept.add(field)
    return current ?? incoming
  }
  if (base !== unknown && isDeepStrictEqual(current, base)) return incoming
  if (Array.isArray(current) && Array.isArray(incoming)) {
    const before = Array.isArray(base) || base === unknown ? base : []
    return mergeList({ base: before, current, incoming }, field, notes)
  }
  if (base !== unknown && isDeepStrictEqual(incoming, base)) {
    notes.kept.add(field)
    return current
  }
  if (isDivisible(current, field) && isDivisible(incoming, field)) {
    const before = isDivisible(base, field) ? base : base === unknown ? unknown : {}
    return mergeObject({ base: before, current, incoming }, field, notes)
  }
  if (base === unknown) {
    notes.replaced.push({ field, was: current })
    return incoming
  }
  notes.kept.add(field)
  return current
}

function mergeObject(
  { base, current, incoming }: Versions<Record<string, unknown>>,
  field: string,
  notes: Notes,
): Record<string, unknown> {
  const fields: [string, unknown][] = []
  for (const name of new Set([...Object.keys(current), ...Object.keys(incoming)])) {
    const before = base === unknown ? unknown : base[name]
    const versions = { base: before, current: current[name], incoming: incoming[name] }
    const value = mergeValue(versions, `${field}.${name}`, notes)
    if (value !== undefined) fields.push([name, value])
  }
  return Object.fromEntries(fields)
}

/**
 * Whether the parts of a value can be merged one by one, unlike the sides of a box, or the SPDX identifier and the
 * words of a license.
 */
function isDivisible(value: unknown, field: string): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false
  return !/(?:^|\.)(?:license|box)$/.test(field) && !('cid' in value) && !('$type' in value)
}

/**
 * Every item that either side added is kept, and every item that either side removed is gone; the order is that of the
 * side that changed it.
 */
function mergeList(
  { base, current, incoming }: Versions<readonly unknown[]>,
  field: string,
  notes: Notes,
): unknown[] {
  const keyOf = keysFor([...(base === unknown ? [] : [base]), current, incoming])
  const [before, mine, theirs] = [base === unknown ? [] : base, current, incoming].map(
    (list) => new Map(list.map((item) => [keyOf(item), item])),
  ) as [Map<string, unknown>, Map<string, unknown>, Map<string, unknown>]
  const isReordered = base !== unknown && !sameOrder([...mine.keys()], [...before.keys()])
  const merged = new Map<string, unknown>()
  for (const key of isReordered ? woven(mine, theirs) : woven(theirs, mine)) {
    const versions = { base: before.has(key) ? before.get(key) : undefined, current: mine.get(key) }
    const value = mergeValue(
      { ...versions, ...(base === unknown && { base: unknown }), incoming: theirs.get(key) },
      field,
      notes,
    )
    if (value !== undefined) merged.set(key, value)
  }
  if (base === unknown && !sameOrder([...merged.keys()], [...mine.keys()]))
    notes.replaced.push({ field, was: current })
  if (isReordered && !isDeepStrictEqual([...merged.values()], incoming)) notes.kept.add(field)
  return [...merged.values()]
}

/** The keys of `first`, with the keys that only `second` has inserted after the ones they follow there. */
function woven(first: ReadonlyMap<string, unknown>, second: ReadonlyMap<string, unknown>): string[] {
  const keys = [...first.keys()]
  let previous: string | undefined
  for (const key of second.keys()) {
    if (!first.has(key)) keys.splice(previous === undefined ? 0 : keys.indexOf(previous) + 1, 0, key)
    previous = key
  }
  return keys
}

/** Whether the items that two lists share are in the same order in both. */
function sameOrder(a: readonly string[], b: readonly string[]): boolean {
  const [inA, inB] = [new Set(a), new Set(b)]
  return isDeepStrictEqual(
    a.filter((key) => inB.has(key)),
    b.filter((key) => inA.has(key)),
  )
}

/** Gives each item of the lists a key; if two items of one list would get the same key, their full content is the key. */
function keysFor(lists: readonly (readonly unknown[])[]): (item: unknown) => string {
  const isUnique = lists.every((list) => new Set(list.map(nameOf)).size === list.length)
  return isUnique ? nameOf : canonical
}

function nameOf(item: unknown): string {
  if (typeof item !== 'object' || item === null) return canonical(item)
  const { agent, funder, role, relation, scheme, awardNumber, ...own } = item as Record<string, unknown>
  const who = agent ?? funder
  const name = who === undefined ? callNames.map((key) => own[key]).find(Boolean) : nameOf(who)
  return canonical(name === undefined ? item : [name, role, relation, scheme, awardNumber])
}

/** Fields that identify an item of a list (defs lexicon), the most reliable first. */
const callNames = ['did', 'uri', 'value', 'tag', 'name', 'label', 'url', 'email']

/** JSON with sorted keys, because a repo may change the order of fields. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_, found) =>
    typeof found === 'object' && found !== null && !Array.isArray(found)
      ? Object.fromEntries(Object.entries(found).sort(([a], [b]) => (a < b ? -1 : 1)))
      : found,
  )
}
