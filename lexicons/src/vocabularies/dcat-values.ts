import { edtfBounds } from '../edtf.ts'
import type { defs } from '../index.ts'
import { identifierText } from './identifiers.ts'
import { type Node, node, reference, type TypedValue, toIri, typed } from './json-ld.ts'

/** Maps a person or organization to DCAT-AP's Agent, which must have a name. */
export function toAgent(agent: defs.Agent): Node {
  const id = (agent.identifiers ?? [])
    .map(({ scheme, value }) => toIri(identifierText(scheme, value)))
    .find((iri) => iri !== undefined)
  return node({
    '@id': id ?? agent.did,
    '@type': 'foaf:Agent',
    'foaf:name': agent.name ?? agent.url ?? agent.email ?? agent.did,
    'foaf:homepage': reference(agent.url),
    'foaf:mbox': mailbox(agent.email),
  })
}

export function toContact(agent: defs.Agent): Node {
  return node({
    '@type': 'vcard:Kind',
    'vcard:fn': agent.name ?? agent.url ?? agent.email ?? agent.did,
    'vcard:hasEmail': mailbox(agent.email),
    'vcard:hasURL': reference(agent.url),
  })
}

function mailbox(email: string | undefined): Node | undefined {
  return reference(email && `mailto:${email.replaceAll(/\s/g, '')}`)
}

/** The terms as the address of the license, else as SPDX's address, else in words. */
export function toLicense(license: defs.License | undefined): Node | undefined {
  if (!license) return undefined
  const { spdx, text } = license
  const ofSpdx = spdx && /^[\w.+-]+$/.test(spdx) ? `https://spdx.org/licenses/${spdx}` : undefined
  const id = toIri(license.url) ?? ofSpdx
  const label = id === undefined ? (text ?? spdx ?? license.url) : undefined
  return node({ '@id': id, '@type': 'dct:LicenseDocument', 'rdfs:label': label })
}

/** A thing with a label, for properties that DCAT models as a class and a record has only as words. */
export function inWords(type: string, label: string | undefined): Node | undefined {
  return label ? { '@type': type, 'rdfs:label': label } : undefined
}

/** The address of the language at the Library of Congress (DCAT 3, section 6.4.9), if the tag is only a language code. */
export function toLanguage({ tag }: defs.Language): Node {
  const list = { 2: 'iso639-1', 3: 'iso639-2' }[tag.length]
  return list && /^[a-z]+$/.test(tag)
    ? { '@id': `http://id.loc.gov/vocabulary/${list}/${tag}`, '@type': 'dct:LinguisticSystem' }
    : { '@type': 'dct:LinguisticSystem', 'rdfs:label': tag }
}

/**
 * A date in one of the four datatypes that DCAT accepts, if it fits one; otherwise the text itself: EDTF (`2026-09~`,
 * `1880/1920`), or a text that is not a date.
 */
export function toDate(text: string | undefined): TypedValue | string | undefined {
  if (text === undefined) return undefined
  const type = dateTypes.find(([pattern]) => pattern.test(text))?.[1]
  if (edtfBounds(text) === undefined) return text
  return typed(text, type ?? 'http://id.loc.gov/datatypes/edtf/EDTF-level1')
}

const dateTypes: readonly [RegExp, string][] = [
  [/^-?\d{4}$/, 'xsd:gYear'],
  [/^-?\d{4}-(?:0\d|1[0-2])$/, 'xsd:gYearMonth'],
  [/^-?\d{4}-(?:0\d|1[0-2])-\d\d$/, 'xsd:date'],
  [/^-?\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-]\d\d:\d\d)?$/, 'xsd:dateTime'],
]

/** The period that the data is about; an interval in one field is split into its two ends. */
export function toPeriod(temporal: defs.Temporal | undefined): Node | undefined {
  if (!temporal) return undefined
  const [start, end] = temporal.start?.includes('/')
    ? temporal.start.split('/')
    : [temporal.start, temporal.end]
  const closed = (edge: string | undefined) => (edge === '' || edge === '..' ? undefined : edge)
  return node({
    '@type': 'dct:PeriodOfTime',
    'dcat:startDate': toDate(closed(start)),
    'dcat:endDate': toDate(closed(end)),
  })
}

export function toLocation(spatial: defs.Spatial | undefined): Node | undefined {
  if (!spatial) return undefined
  return node({ '@type': 'dct:Location', 'skos:prefLabel': spatial.name, 'dcat:bbox': toWkt(spatial.box) })
}

// WKT lists the corners of the box in order: west south, east south, east north, west north (OGC Simple Features).
function toWkt(box: defs.Box | undefined): TypedValue | undefined {
  if (!box) return undefined
  const { west, south, east, north } = box
  if (![west, south, east, north].every((edge) => /^[+-]?\d+(?:\.\d+)?$/.test(edge))) return undefined
  const corners = [
    [west, south],
    [east, south],
    [east, north],
    [west, north],
    [west, south],
  ]
  return typed(`POLYGON((${corners.map((corner) => corner.join(' ')).join(',')}))`, 'gsp:wktLiteral')
}
