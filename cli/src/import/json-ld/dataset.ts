import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { Fields, type Wording } from '../fields.ts'
import type { Imported } from '../formats/aws-open-data-registry.ts'
import { readLicense } from '../license.ts'
import { toUri } from '../values/addresses.ts'
import { toEdtf } from '../values/dates.ts'
import { eachOf } from '../values/each.ts'
import { related, slugOf, toIdentifier, unique } from '../values/identifiers.ts'
import { toLanguage } from '../values/languages.ts'
import { present } from '../values/present.ts'
import { readAgent } from './agents.ts'
import { readSpatial, readTemporal } from './coverage.ts'
import { readDistribution } from './distributions.ts'
import type { Node } from './graph.ts'

/**
 * Makes a dataset record of a node in the terms of DCAT or schema.org (or both), in the form that `readNodes` returns;
 * Croissant uses schema.org's terms with its own files. Throws an `Error` if the node has no title.
 */
export function importJsonLd(node: Node, options: { createdAt: string }): Imported {
  const fields = new Fields(node)
  fields.read('type', (type) => type)
  const [title, ...otherTitles] = firstWordings(fields, ['title', 'name'])
  if (!title) throw new Error('a dataset in JSON-LD needs a title (dct:title) or name (schema:name)')
  const people = (name: string) => fields.items(name, readAgent)
  const words = (name: string) => fields.wording(name) ?? fields.read(name, labelOf)
  const identifiers = readIdentifiers(fields)
  const distributions = fields.items('distribution', readDistribution)
  const [publisher, ...otherPublishers] = people('publisher')
  const record = present({
    $type: collections.dataset,
    title: title.text,
    description: describe(fields.wordings('description'), otherTitles),
    creators: [...people('creator'), ...people('author')],
    contributors: [
      ...otherPublishers.map((agent) => ({ agent, role: 'publisher' })),
      ...people('contributor').map((agent) => ({ agent, role: 'other' })),
    ],
    publisher,
    contacts: people('contactPoint'),
    homepage: firstOf(['landingPage', 'homepage', 'url', 'mainEntityOfPage'], (name) =>
      fields.read(name, toUri),
    ),
    sources: unique(distributions.flatMap(({ sources }) => sources)),
    identifiers,
    relatedIdentifiers: readRelated(fields),
    license: fields.read('license', toLicense),
    accessRights: firstOf(['accessRights', 'rights', 'conditionsOfAccess'], words),
    citation: firstOf(['citeAs', 'bibliographicCitation', 'creditText'], (name) => fields.text(name)),
    keywords: readKeywords(fields).map((name) => ({ name })),
    subjects: readSubjects(fields),
    languages: firstOf(['language', 'inLanguage'], (name) => fields.read(name, eachOf(toLanguage))),
    temporal: readTemporal(fields),
    issued: firstOf(['issued', 'datePublished'], (name) => fields.read(name, toEdtf)),
    modified: firstOf(['modified', 'dateModified'], (name) => fields.read(name, toEdtf)),
    spatial: readSpatial(fields),
    formats: unique([
      ...distributions.flatMap(({ formats }) => formats),
      ...(fields.read('conformsTo', eachOf(toUri)) ?? []).map((conformsTo) => ({ conformsTo })),
    ]),
    version: firstOf(['version', 'versionInfo', 'hasVersion'], (name) => fields.text(name)),
    updateFrequency: words('accrualPeriodicity')?.replace(vocabularyTerm, ''),
    funding: people('funder').map((funder) => ({ funder })),
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  const key = identifiers.find(({ scheme }) => scheme !== 'local') ?? identifiers[0]
  return { rkey: key ? slugOf(key) : '', record, leftOver: fields.leftOver() }
}

function firstWordings(fields: Fields, names: readonly string[]): Wording[] {
  return names.map((name) => fields.wordings(name)).find((all) => all.length > 0) ?? []
}

/** The description, followed by texts in other languages under headings of their own. */
function describe([first, ...others]: readonly Wording[], titles: readonly Wording[]): string | undefined {
  const section = (what: string) => (wording: Wording) =>
    `## ${what}${wording.language ? ` (${wording.language})` : ''}\n\n${wording.text}`
  const parts = [first?.text, ...titles.map(section('Title')), ...others.map(section('Description'))]
  return parts.filter((part) => part !== undefined).join('\n\n') || undefined
}

/** The value of the first of several fields that has one; the others are not taken. */
function firstOf<T>(names: readonly string[], read: (name: string) => T | undefined): T | undefined {
  for (const name of names) {
    const found = read(name)
    if (found !== undefined) return found
  }
  return undefined
}

/** The label of a thing, because DCAT models statements and frequencies as things with a label. */
function labelOf(value: unknown): string | undefined {
  const { label } = (value ?? {}) as { label?: unknown }
  return typeof label === 'string' ? label : undefined
}

/** Frequency terms of the EU and Dublin Core, of which only the last part of the address matters. */
const vocabularyTerm = /^https?:\/\/(?:publications\.europa\.eu\/.*|purl\.org\/cld\/freq)\//

/** Reads a license in words, as an address, or as an object with either. */
function toLicense(value: unknown): defs.License | undefined {
  if (typeof value === 'string') return value.trim() === '' ? undefined : readLicense(value)
  const { url, id, name, title, label } = (value ?? {}) as Record<string, unknown>
  const [address, words] = [
    [url, id],
    [name, title, label],
  ].map((all) => all.find((found) => typeof found === 'string' && found.trim() !== '') as string | undefined)
  if (address === undefined) return words === undefined ? undefined : readLicense(words)
  const license = readLicense(address)
  // A name that only repeats the identifier is left out.
  const isSaid = words === undefined || words === license.spdx
  return isSaid ? license : { ...license, text: words }
}

/** Reads identifiers. The node's own address is one only if it is of a registered kind, such as a DOI, or there is no other. */
function readIdentifiers(fields: Fields): defs.Identifier[] {
  const stated = fields.read('identifier', eachOf(toStated)) ?? []
  // An AT-URI identifies a record about the data, not the data.
  const isName = (value: unknown) => typeof value === 'string' && !/^(?:_|at):/.test(value) && toUri(value)
  const id = fields.read('id', (value) => (isName(value) ? (value as string) : undefined))
  const own = id === undefined ? [] : [toIdentifier(id)]
  return unique([...stated, ...own.filter(({ scheme }) => stated.length === 0 || scheme !== 'uri')])
}

function toStated(item: unknown): defs.Identifier | undefined {
  if (typeof item === 'string') return toIdentifier(item)
  const { propertyID, value, notation, schemeAgency } = (item ?? {}) as Record<string, unknown>
  const text = value ?? notation
  const scheme = String(propertyID ?? schemeAgency ?? '').replace(/^.*\//, '')
  return typeof text === 'string' ? toIdentifier(text, scheme || undefined) : undefined
}

/** Names of relations in Dublin Core, DCAT and schema.org, with their DataCite equivalents. */
const relations: readonly (readonly [string, string])[] = [
  ['sameAs', 'IsIdenticalTo'],
  ['isPartOf', 'IsPartOf'],
  ['includedInDataCatalog', 'IsPartOf'],
  ['inSeries', 'IsPartOf'],
  ['hasPart', 'HasPart'],
  ['isVersionOf', 'IsVersionOf'],
  ['replaces', 'Obsoletes'],
  ['isReplacedBy', 'IsObsoletedBy'],
  ['isReferencedBy', 'IsReferencedBy'],
  ['references', 'References'],
  ['relation', 'References'],
  ['citation', 'IsCitedBy'],
  ['isBasedOn', 'IsDerivedFrom'],
  ['wasDerivedFrom', 'IsDerivedFrom'],
  ['source', 'IsDerivedFrom'],
  ['page', 'IsDocumentedBy'],
  ['documentation', 'IsDocumentedBy'],
  ['subjectOf', 'IsDescribedBy'],
]

/** Reads relations to things that have an address or a registered identifier; others are left over. */
function readRelated(fields: Fields): defs.RelatedIdentifier[] {
  return relations.flatMap(
    ([name, relation]) =>
      fields.read(
        name,
        eachOf((item) => toRelated(item, relation)),
      ) ?? [],
  )
}

function toRelated(item: unknown, relation: string): defs.RelatedIdentifier | undefined {
  const { url, id, name, title } = (item ?? {}) as Record<string, unknown>
  const text = typeof item === 'string' ? item : (url ?? id)
  if (typeof text !== 'string' || toIdentifier(text).scheme === 'local') return undefined
  return related(
    relation,
    text,
    [name, title].find((words) => typeof words === 'string') as string | undefined,
  )
}

/** Reads keywords, which schema.org allows in one text with commas. */
function readKeywords(fields: Fields): string[] {
  const names = [...fields.someTexts('keyword'), ...fields.someTexts('keywords')]
  const split = names.length === 1 ? names[0]!.split(/\s*[,;]\s*/) : names
  return unique(split.filter((name) => name !== ''))
}

function readSubjects(fields: Fields): defs.Subject[] {
  return unique(['theme', 'subject', 'about'].flatMap((name) => fields.read(name, eachOf(toSubject)) ?? []))
}

function toSubject(item: unknown): defs.Subject | undefined {
  const { prefLabel, name, id } = (item ?? {}) as Record<string, unknown>
  const uri = toUri(typeof item === 'string' ? item : id)
  const label = [prefLabel, name, item].find((text) => typeof text === 'string') as string | undefined
  const short = label?.replace(/^https?:\/\/.*[/#]/, '') || uri
  return short ? { label: short, ...(uri && { uri }) } : undefined
}
