/**
 * Records of other people's lexicons that this index also reads: which collections, and how each maps to our lexicons.
 * They are named only here. They are stored and shown verbatim; search, listings and pages use the record that they are
 * mapped to.
 */
import { isPlainObject } from '@atproto/lex-data'
import { mapAtdataEntry } from './foreign/atdata-entry.ts'
import type * as schemas from './index.ts'
import { type CollectionName, collections } from './nsid.ts'
import type { Refusal } from './rules.ts'
import { type Validated, validateRecord } from './validate.ts'

const maxDroppedValues = 50

/** The NSIDs, by a short name that we give them. */
export const foreignCollections = {
  /** The collection in which atdata lists datasets for machine learning, https://alt.science; lexicon of February 2026. */
  atdataEntry: 'science.alt.dataset.entry',
} as const

export type ForeignCollection = (typeof foreignCollections)[keyof typeof foreignCollections]

/** A foreign record in the terms of a dataset record; fields it does not have are absent. */
type Mapped = { title?: unknown; createdAt?: unknown } & Readonly<Record<string, unknown>>

interface Mapping {
  /** The collection of ours that it is read as. */
  readonly kind: CollectionName
  map(value: Readonly<Record<string, unknown>>): Mapped
  /** The names of the required fields in the foreign lexicon, for authors who have to correct them. */
  readonly title: string
  readonly createdAt: string
}

const mappings: Readonly<Record<ForeignCollection, Mapping>> = {
  [foreignCollections.atdataEntry]: {
    kind: 'dataset',
    map: mapAtdataEntry,
    title: 'name',
    createdAt: 'createdAt',
  },
}

/** The collection of ours that a foreign collection is read as; undefined for a collection that is not read. */
export function foreignKind(nsid: string): CollectionName | undefined {
  return isForeign(nsid) ? mappings[nsid].kind : undefined
}

/** Whether records of a collection, in its canonical spelling, describe datasets. */
export function describesDatasets(nsid: string): boolean {
  return nsid === collections.dataset || foreignKind(nsid) === 'dataset'
}

/**
 * Reads a foreign record, from CBOR or JSON, as a dataset record. Optional fields that cannot be read are ignored; a
 * record without a title or a time is rejected.
 */
export function mapForeign(nsid: ForeignCollection, value: unknown): Validated<schemas.dataset.Main> {
  if (!isPlainObject(value) || value.$type !== nsid) return refuse('$type', `is not ${nsid}`)
  const mapping = mappings[nsid]
  const mapped: Record<string, unknown> = { $type: collections.dataset, ...mapping.map(value) }
  // Each pass finds one value that cannot be read; a field with many such values is dropped as a whole.
  const dropped = new Map<string, number>()
  for (;;) {
    const validated = validateRecord(collections.dataset, mapped)
    if (validated.ok) return validated
    const [field = '', index] = validated.field.split('/')
    if (field === 'title' || field === 'createdAt' || !(field in mapped)) {
      const name = field === 'title' || field === 'createdAt' ? mapping[field] : field
      return { ok: false, field: name, message: validated.message.replace(/^\w+/, name) }
    }
    const list = mapped[field]
    const drops = (dropped.get(field) ?? 0) + 1
    dropped.set(field, drops)
    if (Array.isArray(list) && index !== undefined && drops <= maxDroppedValues)
      mapped[field] = list.filter((_, i) => String(i) !== index)
    else delete mapped[field]
  }
}

/** The dataset record that a stored foreign record maps to; undefined for records of our own lexicons. */
export function mappedRecord(value: unknown): schemas.dataset.Main | undefined {
  const type = isPlainObject(value) ? value.$type : undefined
  if (typeof type !== 'string' || !isForeign(type)) return undefined
  const mapped = mapForeign(type, value)
  return mapped.ok ? mapped.record : undefined
}

/** Whether this is the NSID of a foreign collection that this index reads. */
export function isForeign(nsid: string): nsid is ForeignCollection {
  return Object.hasOwn(mappings, nsid)
}

function refuse(field: string, what: string): { ok: false } & Refusal {
  return { ok: false, field, message: `${field} ${what}` }
}
