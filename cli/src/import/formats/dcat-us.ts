import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { Fields } from '../fields.ts'
import { readLicense } from '../license.ts'
import { pageKind, sourceKind, toUri } from '../values/addresses.ts'
import { toEdtf, toTemporal } from '../values/dates.ts'
import { eachOf } from '../values/each.ts'
import { related, slugOf, toIdentifier, unique } from '../values/identifiers.ts'
import { toLanguage } from '../values/languages.ts'
import { toSpatial } from '../values/places.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'

/**
 * Makes a dataset record of an entry in an agency's `data.json` (DCAT-US, Project Open Data Metadata Schema 1.1).
 * Throws an `Error` if the entry has no `title`.
 */
export function importDcatUs(entry: unknown, options: { createdAt: string }): Imported {
  const fields = new Fields(entry)
  const title = fields.text('title')
  if (!title) throw new Error('a dataset of a data.json needs a "title"')
  fields.text('@type')
  const id = fields.text('identifier')
  const identifier = id === undefined ? undefined : toIdentifier(id)
  const distributions = fields.items('distribution', readDistribution)
  const [publisher] = fields.items('publisher', readPublisher)
  const record = present({
    $type: collections.dataset,
    title,
    description: fields.text('description'),
    publisher: publisher?.agent,
    contributors: publisher?.parents.map((name) => ({ agent: { name }, role: 'other' })),
    contacts: fields.items('contactPoint', readContact),
    homepage: fields.read('landingPage', toUri),
    sources: unique(distributions.flatMap(({ sources }) => sources)),
    identifiers: identifier && [identifier],
    relatedIdentifiers: unique([
      ...fields.someTexts('references').map((text) => related('References', text)),
      ...fields.someTexts('describedBy').map((text) => related('IsDocumentedBy', text)),
      ...fields.someTexts('isPartOf').map((text) => related('IsPartOf', text)),
      ...distributions.flatMap(({ described }) => described),
    ]),
    license: fields.read('license', toLicense),
    accessRights: readAccess(fields),
    keywords: unique(fields.someTexts('keyword')).map((name) => ({ name })),
    subjects: unique(fields.someTexts('theme')).map((label) => ({ label })),
    languages: fields.read('language', eachOf(toLanguage)),
    temporal: fields.read('temporal', toTemporal),
    issued: fields.read('issued', toEdtf),
    modified: fields.read('modified', toEdtf),
    spatial: fields.read('spatial', toSpatial),
    formats: unique([
      ...distributions.flatMap(({ formats }) => formats),
      ...(fields.read('conformsTo', eachOf(toUri)) ?? []).map((conformsTo) => ({ conformsTo })),
    ]),
    // `modified` may be a repeating interval such as R/P1D, which states how often the data changes, not when it did.
    updateFrequency: fields.text('accrualPeriodicity') ?? fields.read('modified', toInterval),
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  return { rkey: identifier ? slugOf(identifier) : '', record, leftOver: fields.leftOver() }
}

interface Distribution {
  readonly sources: defs.Source[]
  readonly formats: defs.Format[]
  readonly described: defs.RelatedIdentifier[]
}

function readDistribution(fields: Fields): Distribution | undefined {
  fields.text('@type')
  const [download, access] = [fields.read('downloadURL', toUri), fields.read('accessURL', toUri)]
  if (!download && !access) return undefined
  const [mediaType, format] = [fields.text('mediaType'), fields.text('format')]
  const about = present({ title: fields.text('title'), description: fields.text('description') })
  const sources: defs.Source[] = []
  if (download) {
    const served = present({ mediaType: mediaType ?? format })
    sources.push({ url: download, ...about, ...served, kind: sourceKind(download, format) })
  }
  if (access) sources.push({ url: access, ...about, kind: pageKind(access, `${format} ${about.title}`) })
  return {
    sources,
    formats: [
      ...unique([mediaType, format].filter((name) => name !== undefined)).map((name) => ({
        mediaType: name,
      })),
      ...(fields.read('conformsTo', eachOf(toUri)) ?? []).map((conformsTo) => ({ conformsTo })),
    ],
    described: fields.someTexts('describedBy').map((text) => related('IsDocumentedBy', text)),
  }
}

/** Reads the publisher and its parent organizations, from the nearest to the whole government. */
function readPublisher(fields: Fields): { agent: defs.Agent; parents: string[] } | undefined {
  fields.text('@type')
  const name = fields.text('name')
  if (name === undefined) return undefined
  const above = fields.items('subOrganizationOf', readPublisher)
  return { agent: { name }, parents: above.flatMap(({ agent, parents }) => [agent.name!, ...parents]) }
}

function readContact(fields: Fields): defs.Agent | undefined {
  fields.text('@type')
  const email = fields.text('hasEmail')?.replace(/^mailto:/i, '')
  const agent = present({ name: fields.text('fn'), email })
  return Object.keys(agent).length > 0 ? agent : undefined
}

function toInterval(value: unknown): string | undefined {
  return typeof value === 'string' && /^R\d*\/P/i.test(value) ? value : undefined
}

function toLicense(value: unknown): defs.License | undefined {
  return typeof value === 'string' && value.trim() !== '' ? readLicense(value) : undefined
}

function readAccess(fields: Fields): string | undefined {
  const [level, rights] = [fields.text('accessLevel'), fields.text('rights')]
  if (level === undefined || level === 'public') return rights ?? level
  return rights === undefined ? level : `${level}: ${rights}`
}
