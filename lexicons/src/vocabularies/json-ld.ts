/**
 * The simple form of JSON-LD that these mappings produce: nested nodes, terms with a prefix of {@link context}, and
 * every value that is not plain text in full form (`@id`, `@value` with `@type`). It can be read without fetching a
 * context.
 */
export interface Node {
  readonly [term: string]: Value | undefined
}
export type Value = string | Node | TypedValue | readonly Value[]
export interface TypedValue {
  readonly '@value': string
  readonly '@type': string
}

/** The prefixes. None of them is the scheme of an address that somebody might write in a record. */
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

/** A node without empty terms: undefined values and empty lists are left out. */
export function node(terms: Readonly<Record<string, unknown>>): Node {
  const says = (value: unknown) =>
    value !== undefined && value !== '' && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(terms).filter(([, value]) => says(value))) as Node
}

/** A reference to the thing at an address; undefined if the text is not an absolute address. */
export function reference(address: string | undefined): Node | undefined {
  const id = toIri(address)
  return id === undefined ? undefined : { '@id': id }
}

/** A reference with the class that the referring property requires. */
export function classed(type: string, reference: Node | undefined): Node | undefined {
  return reference && { ...reference, '@type': type }
}

/** A value with a datatype of {@link context}. */
export function typed(value: string | number, type: string): TypedValue {
  return { '@value': String(value), '@type': type }
}

/**
 * An absolute IRI (RFC 3987) in which forbidden characters are percent-encoded; undefined for a text without a scheme.
 * A record's `uri` may contain anything but white space.
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

// Characters that no part of an IRI may contain (RFC 3987, section 2.2): controls, white space, private use,
// non-characters, some punctuation.
const notInIris = /[\p{Cc}\p{Co}\p{Cs} <>"{}|\\^`\uFDD0-\uFDEF\uFFF0-\uFFFF]/gu

function isWeb(text: string): boolean {
  return /^https?:/i.test(text)
}
