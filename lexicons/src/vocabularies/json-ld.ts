/**
 * JSON-LD of the plain kind that the mappings here make: nodes within nodes, terms with a prefix of {@link context}, and
 * everything that is not a plain text said in full (`@id`, `@value` with `@type`). It can be read without fetching anything.
 */
export type Node = { readonly [term: string]: Value | undefined }
export type Value = string | Node | TypedValue | readonly Value[]
export type TypedValue = { readonly '@value': string; readonly '@type': string }

/** The prefixes. None is the scheme of an address somebody might write in a record. */
export const context = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  foaf: 'http://xmlns.com/foaf/0.1/',
  gsp: 'http://www.opengis.net/ont/geosparql#',
  hydra: 'http://www.w3.org/ns/hydra/core#',
  rdfs: 'http://www.w3.org/2000/01/rdf-schema#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  spdx: 'http://spdx.org/rdf/terms#',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
  void: 'http://rdfs.org/ns/void#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
} as const

/** A node without what says nothing: undefined and empty lists. */
export function node(terms: Readonly<Record<string, unknown>>): Node {
  const says = (value: unknown) =>
    value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => says(value))) as Node
}

/** A reference to what an address names; undefined for a text that is no absolute address. */
export function reference(address: string | undefined): Node | undefined {
  const id = toIri(address)
  return id === undefined ? undefined : { '@id': id }
}

/** A value of a datatype of {@link context}. */
export function typed(value: string | number, type: string): TypedValue {
  return { '@value': String(value), '@type': type }
}

/**
 * An absolute IRI (RFC 3987), with what may not stand in one percent-encoded; undefined for a text that has no scheme.
 * A record's `uri` may hold anything but blanks.
 */
export function toIri(address: string | undefined): string | undefined {
  const text = address?.trim() ?? ''
  if (!/^[a-z][a-z0-9+.-]*:[^\s]/i.test(text) || (isWeb(text) && !URL.canParse(text))) return undefined
  const [before = '', ...fragments] = text.toWellFormed().split('#')
  const fragment = fragments.length === 0 ? '' : `#${fragments.join('%23')}`
  const authority = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*/i.exec(before)?.[0] ?? ''
  const rest = (before.slice(authority.length) + fragment).replaceAll('[', '%5B').replaceAll(']', '%5D')
  return (authority + rest)
    .replace(notInIris, (character) => encodeURIComponent(character))
    .replace(/%(?![0-9a-f]{2})/gi, '%25')
}

// RFC 3987, section 2.2: what stands in no part of an IRI: controls, blanks, private use, non-characters, some punctuation.
const notInIris = /[\p{Cc}\p{Co}\p{Cs} <>"{}|\\^`\uFDD0-\uFDEF\uFFF0-\uFFFF]/gu

function isWeb(text: string): boolean {
  return /^https?:/i.test(text)
}
