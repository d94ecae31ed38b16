/**
 * Records of other people's lexicons that this index reads as well: which collections, and what each says in terms of
 * ours. This is the one place where they are named. They are kept and shown verbatim; what is searched, listed and
 * drawn is the record that they are mapped to here.
 */
import { isPlainObject } from '@atproto/lex'
import { mapAtdataEntry } from './foreign/atdata-entry.ts'
import type * as schemas from './index.ts'
import { type CollectionName, collections } from './nsid.ts'
import type { Refusal } from './rules.ts'
import { type Validated, validateRecord } from './validate.ts'

/** The NSIDs, by a short name of ours. */
export const foreignCollections = {
  /** atdata's index of datasets for machine learning, https://alt.science; lexicon of February 2026. */
  atdataEntry: 'science.alt.dataset.entry',
} as const

export type ForeignCollection = (typeof foreignCollections)[keyof typeof foreignCollections]

/** A foreign record as a dataset record would say it; what it does not have is left out. */
type Mapped = { title?: unknown; createdAt?: unknown } & Readonly<Record<string, unknown>>

interface Mapping {
  /** Which of our collections it is read as. */
  readonly kind: CollectionName
  map(value: Readonly<Record<string, unknown>>): Mapped
  /** What the required fields are called there, for whoever has to correct them. */
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

/** Which of our collections a foreign one is read as; undefined for a collection that is not read. */
export function foreignKind(nsid: string): CollectionName | undefined {
  return isForeign(nsid) ? mappings[nsid].kind : undefined
}

/** Whether records of a collection, in its canonical spelling, describe datasets. */
export function describesDatasets(nsid: string): boolean {
  return nsid === collections.dataset || foreignKind(nsid) === 'dataset'
}

/**
 * Reads a foreign record, from CBOR or JSON, as a dataset record. What is optional and cannot be read is passed over;
 * a record without a title or a time is refused.
 */
export function mapForeign(nsid: ForeignCollection, value: unknown): Validated<schemas.dataset.Main> {
  if (!isPlainObject(value) || value.$type !== nsid) return refuse('$type', `is not ${nsid}`)
  const mapping = mappings[nsid]
  const mapped: Record<string, unknown> = { $type: collections.dataset, ...mapping.map(value) }
  for (;;) {
    const validated = validateRecord(collections.dataset, mapped)
    if (validated.ok) return validated
    const [field = '', index] = validated.field.split('/')
    if (field === 'title' || field === 'createdAt' || !(field in mapped)) {
      const name = field === 'title' || field === 'createdAt' ? mapping[field] : field
      return { ok: false, field: name, message: validated.message.replace(/^\w+/, name) }
    }
    const list = mapped[field]
    if (Array.isArray(list) && index !== undefined) mapped[field] = list.filter((_, i) => String(i) !== index)
    else delete mapped[field]
  }
}

/** What a record that is held says as a dataset record, if it is a foreign one; undefined for ours. */
export function mappedRecord(value: unknown): schemas.dataset.Main | undefined {
  const type = isPlainObject(value) ? value.$type : undefined
  if (typeof type !== 'string' || !isForeign(type)) return undefined
  const mapped = mapForeign(type, value)
  return mapped.ok ? mapped.record : undefined
}

/** Whether this is the NSID of a foreign collection that is read. */
export function isForeign(nsid: string): nsid is ForeignCollection {
  return Object.hasOwn(mappings, nsid)
}

function refuse(field: string, what: string): { ok: false } & Refusal {
  return { ok: false, field, message: `${field} ${what}` }
}
