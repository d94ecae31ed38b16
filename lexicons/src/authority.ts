import { isPlainObject } from '@atproto/lex-data'
import { l } from '@atproto/lex-schema'
import { type Collection, type CollectionName, canonicalAuthority, collections } from './nsid.ts'

/**
 * Authorities whose lexicons are read as one and the same, the one to write under first.
 *
 * Inside a program every NSID and `$type` is the canonical one (the spelling of the generated types); these
 * functions translate at the edges. With `gov.example.archive, org.holdfast`:
 *
 * - a record of `gov.example.archive.dataset` is read as a `dataset`, its `$type`s normalized before validation;
 * - a new dataset is written as `gov.example.archive.dataset`;
 * - each method is served under both names.
 */
export type Authorities = readonly [string, ...string[]]

/** The authorities to read if none are configured. */
export const defaultAuthorities: Authorities = [canonicalAuthority]

/** Parses the value of `HOLDFAST_AUTHORITIES`; throws an `Error` that names the first invalid entry. */
export function parseAuthorities(text: string | undefined): Authorities {
  const names = [...new Set((text ?? '').split(',').map((name) => name.trim().toLowerCase()))]
  const [first, ...rest] = names.filter((name) => name !== '')
  if (first === undefined) return defaultAuthorities
  for (const name of [first, ...rest]) assertAuthority(name)
  return [first, ...rest]
}

/** Throws an `Error` unless `name` can begin an NSID, which is a domain in reverse, such as `org.example.archive`. */
export function assertAuthority(name: string): void {
  // The NSID syntax: segments of a domain name, the first of which does not begin with a digit (atproto NSID spec).
  const segment = '[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?'
  if (name.length <= 253 && new RegExp(`^(?![0-9])${segment}(?:\\.${segment})+$`).test(name)) return
  throw new Error(
    `"${name}" is not a lexicon authority; write a domain in reverse, such as ${canonicalAuthority}, without the name of a record`,
  )
}

/** The canonical spelling of an NSID or `$type` under any of the authorities; undefined if it is not one of ours. */
export function canonicalNsid(nsid: string, authorities: Authorities): string | undefined {
  const name = shortName(nsid, authorities)
  return name === undefined ? undefined : `${canonicalAuthority}.${name}`
}

/** The collection that an NSID names under any of the authorities; undefined if it is not one of ours. */
export function canonicalCollection(nsid: string, authorities: Authorities): Collection | undefined {
  const name = shortName(nsid, authorities)
  return name !== undefined && Object.hasOwn(collections, name)
    ? collections[name as CollectionName]
    : undefined
}

/** An NSID or `$type` of ours in the form that is written into repos: under the first authority. */
export function writtenNsid(canonical: string, authorities: Authorities): string {
  return underAuthority(canonical, authorities[0])
}

/** Every spelling of an NSID of ours, for subscribing and serving. The first is the one that is written. */
export function equivalentNsids(canonical: string, authorities: Authorities): string[] {
  return authorities.map((authority) => underAuthority(canonical, authority))
}

/** All collections under all authorities, to request from a source. */
export function wantedCollections(authorities: Authorities): string[] {
  return Object.values(collections).flatMap((collection) => equivalentNsids(collection, authorities))
}

/**
 * A record in the form of the generated types: every `$type` of ours has its canonical spelling. Blobs and CIDs are
 * unchanged.
 */
export function normalizeTypes<T>(value: T, authorities: Authorities): T {
  if (authorities.length === 1 && authorities[0] === canonicalAuthority) return value
  return mapTypes(value, (type) => canonicalNsid(type, authorities) ?? type) as T
}

/** A record in the form that is written into a repo: every `$type` of ours is under the first authority. */
export function writtenTypes<T>(value: T, authorities: Authorities): T {
  if (authorities[0] === canonicalAuthority) return value
  return mapTypes(value, (type) =>
    shortName(type, defaultAuthorities) === undefined ? type : writtenNsid(type, authorities),
  ) as T
}

/**
 * The schemas to serve one method under, one an authority, for `server.add`: `servedMethods(getDataset.main, authorities)`.
 *
 * The handler of a subscription yields its messages through `relativelyTyped`.
 */
export function servedMethods<M extends MethodSchema>(schema: M, authorities: Authorities): M[] {
  return equivalentNsids(schema.nsid, authorities).map((nsid) => renamed(schema, nsid as l.NsidString) as M)
}

/**
 * A message of a subscription as it is sent under any authority: its `$type` without the NSID, such as `#add`.
 * What comes in is canonical and typed: `relativelyTyped(subscribeInfoHashes.add.$build({ seq, epoch, … }))`.
 */
export function relativelyTyped<M extends { readonly $type: string }>(message: M): M {
  return { ...message, $type: message.$type.slice(message.$type.indexOf('#')) }
}

type MethodSchema = l.Query | l.Procedure | l.Subscription

function renamed(schema: MethodSchema, nsid: l.NsidString): MethodSchema {
  if (schema.nsid === nsid) return schema
  switch (schema.type) {
    case 'query':
      return l.query(nsid, schema.parameters, schema.output, schema.errors)
    case 'procedure':
      return l.procedure(nsid, schema.parameters, schema.input, schema.output, schema.errors)
    case 'subscription':
      return l.subscription(nsid, schema.parameters, schema.message, schema.errors)
  }
}

/**
 * The name after the authority: `dataset` for `gov.example.archive.dataset`, `defs#risk` for
 * `gov.example.archive.defs#risk`, and `admin.listAdmissions` for `gov.example.archive.admin.listAdmissions`.
 */
function shortName(nsid: string, authorities: Authorities): string | undefined {
  for (const authority of authorities) {
    if (!nsid.startsWith(`${authority}.`)) continue
    const name = nsid.slice(authority.length + 1)
    if (/^(admin\.)?[a-zA-Z][a-zA-Z0-9]*(#[a-zA-Z][a-zA-Z0-9]*)?$/.test(name)) return name
  }
  return undefined
}

function underAuthority(canonical: string, authority: string): string {
  const name = shortName(canonical, defaultAuthorities)
  if (name === undefined) throw new Error(`${canonical} is not under ${canonicalAuthority}`)
  return `${authority}.${name}`
}

// A record that is nested more deeply fails validation anyway; the limit keeps hostile input from overflowing the
// stack.
const maxDepth = 64

function mapTypes(value: unknown, change: (type: string) => string, depth = 0): unknown {
  if (depth > maxDepth) return value
  if (Array.isArray(value)) return value.map((item) => mapTypes(item, change, depth + 1))
  if (!isPlainObject(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      key === '$type' && typeof item === 'string' ? change(item) : mapTypes(item, change, depth + 1),
    ]),
  )
}
