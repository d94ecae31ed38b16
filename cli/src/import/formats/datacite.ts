import type { dataset, defs } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { Fields } from '../fields.ts'
import { readLicense } from '../license.ts'
import { sourceKind, toUri } from '../values/addresses.ts'
import { toEdtf, toTemporal } from '../values/dates.ts'
import { eachOf } from '../values/each.ts'
import { slugOf, toIdentifier, unique } from '../values/identifiers.ts'
import { toLanguage } from '../values/languages.ts'
import { toBox } from '../values/places.ts'
import { present } from '../values/present.ts'
import type { Imported } from './aws-open-data-registry.ts'
import { readFunding, readPerson, readPublisher } from './datacite-people.ts'

/**
 * Makes a dataset record of DataCite metadata (schema 4) in JSON: an answer of its REST API, or only the `attributes`.
 * Throws an `Error` if there is no title.
 */
export function importDataCite(entry: unknown, options: { createdAt: string }): Imported {
  const fields = new Fields(attributesOf(entry))
  const [title, ...otherTitles] = fields
    .items('titles', (item) => ({ text: item.text('title'), type: item.text('titleType') }))
    .sort((a, b) => Number(a.type !== undefined) - Number(b.type !== undefined))
  if (!title?.text) throw new Error('DataCite metadata needs at least one title in "titles"')
  const identifiers = readIdentifiers(fields)
  const rights = fields.items('rightsList', readRights)
  const subjects = unique(fields.items('subjects', readSubject))
  const dates = readDates(fields)
  const record = present({
    $type: collections.dataset,
    title: title.text,
    description: readDescription(fields, otherTitles),
    creators: fields.items('creators', readPerson).map(({ agent }) => agent),
    contributors: fields.items('contributors', readPerson),
    publisher: fields.items('publisher', readPublisher)[0],
    homepage: fields.read('url', toUri),
    sources: (fields.read('contentUrl', eachOf(toUri)) ?? []).map((url) => ({ url, kind: sourceKind(url) })),
    identifiers,
    relatedIdentifiers: unique(fields.items('relatedIdentifiers', readRelated)),
    license: rights.find(({ spdx, url }) => spdx ?? url) ?? rights[0],
    accessRights: rights
      .slice(1)
      .map(({ text, url }) => text ?? url)
      .filter(Boolean)
      .join('\n'),
    keywords: subjects.filter(({ uri }) => !uri).map(({ label }) => ({ name: label })),
    subjects: subjects.filter(({ uri }) => uri),
    languages: fields.read('language', eachOf(toLanguage)),
    ...dates,
    issued: dates.issued ?? fields.read('publicationYear', toEdtf),
    spatial: fields.items('geoLocations', readPlace)[0],
    formats: fields.someTexts('formats').map((mediaType) => ({ mediaType })),
    version: fields.text('version'),
    funding: fields.items('fundingReferences', readFunding),
    createdAt: options.createdAt as dataset.Main['createdAt'],
  }) satisfies dataset.Main
  const key = identifiers[0]
  return { rkey: key ? slugOf(key) : '', record, leftOver: fields.leftOver() }
}

export function attributesOf(entry: unknown): unknown {
  const { data, attributes } = (entry ?? {}) as { data?: { attributes?: unknown }; attributes?: unknown }
  return data?.attributes ?? attributes ?? entry
}

function readIdentifiers(fields: Fields): defs.Identifier[] {
  const doi = fields.text('doi') ?? fields.text('id')
  const others = ['identifiers', 'alternateIdentifiers'].flatMap((name) =>
    fields.items(name, (item) => {
      const text = item.text('identifier') ?? item.text('alternateIdentifier')
      const scheme = item.text('identifierType') ?? item.text('alternateIdentifierType')
      return text === undefined ? undefined : toIdentifier(text, scheme)
    }),
  )
  return unique([...(doi === undefined ? [] : [toIdentifier(doi, 'doi')]), ...others])
}

interface OtherTitle {
  readonly text: string | undefined
  readonly type: string | undefined
}

/** The abstract comes first; other descriptions and titles follow under headings of their own. */
function readDescription(fields: Fields, titles: readonly OtherTitle[]): string {
  const all = fields.items('descriptions', (item) => {
    const text = item.text('description')
    return text === undefined ? undefined : { text, type: item.text('descriptionType') ?? 'Abstract' }
  })
  const isAbstract = ({ type }: { type: string }) => type === 'Abstract'
  return [
    ...all.filter(isAbstract).map(({ text }) => text),
    ...titles.map(({ text, type }) => `## ${type ?? 'Other title'}\n\n${text}`),
    ...all.filter((item) => !isAbstract(item)).map(({ text, type }) => `## ${type}\n\n${text}`),
  ].join('\n\n')
}

function readRelated(item: Fields): defs.RelatedIdentifier | undefined {
  const [relation, text] = [item.text('relationType'), item.text('relatedIdentifier')]
  const type = item.text('relatedIdentifierType')
  if (!relation || !text) return undefined
  const { scheme, value } = toIdentifier(text, type === 'URL' ? 'uri' : type)
  return { relation, scheme, value }
}

function readRights(item: Fields): defs.License | undefined {
  const [text, url] = [item.text('rights'), item.read('rightsUri', toUri)]
  const [id, scheme] = [item.text('rightsIdentifier'), item.text('rightsIdentifierScheme')]
  const read = text === undefined ? {} : readLicense(text)
  const spdx = id && /spdx/i.test(scheme ?? 'spdx') ? canonicalSpdx(id) : read.spdx
  const license = present({ ...read, spdx, url: url ?? read.url, text })
  return Object.keys(license).length > 0 ? license : undefined
}

/** The spelling of an SPDX identifier, which DataCite writes in lower case. */
function canonicalSpdx(id: string): string {
  const upper = id.toUpperCase()
  const special: Record<string, string> = {
    'ODC-BY-1.0': 'ODC-By-1.0',
    'ODBL-1.0': 'ODbL-1.0',
    'APACHE-2.0': 'Apache-2.0',
  }
  return /^(CC0?-|MIT|BSD-)/.test(upper)
    ? upper.replace('BSD-2-CLAUSE', 'BSD-2-Clause').replace('BSD-3-CLAUSE', 'BSD-3-Clause')
    : (special[upper] ?? id)
}

function readSubject(item: Fields): defs.Subject | undefined {
  const label = item.text('subject')
  const uri = item.read('valueUri', toUri)
  return label === undefined ? undefined : { label, ...(uri && { uri }) }
}

function readDates(fields: Fields): Pick<dataset.Main, 'issued' | 'modified' | 'temporal'> {
  const dates = fields.items('dates', (item) => {
    const type = item.text('dateType') ?? ''
    if (type === 'Issued' || type === 'Updated') {
      const date = item.read('date', toEdtf)
      return date === undefined ? undefined : { type, date }
    }
    if (type !== 'Coverage' && type !== 'Collected') return undefined
    const period = item.read('date', toTemporal)
    return period && { type, period }
  })
  const first = (type: string) => dates.find((date) => date.type === type)
  return present({
    issued: first('Issued')?.date,
    modified: dates.findLast(({ type }) => type === 'Updated')?.date,
    temporal: (first('Coverage') ?? first('Collected'))?.period,
  })
}

function readPlace(item: Fields): defs.Spatial | undefined {
  const name = item.text('geoLocationPlace')
  const box = item.read('geoLocationBox', (value) => {
    const { westBoundLongitude, southBoundLatitude, eastBoundLongitude, northBoundLatitude } =
      value as Record<string, unknown>
    return toBox({
      west: westBoundLongitude,
      south: southBoundLatitude,
      east: eastBoundLongitude,
      north: northBoundLatitude,
    })
  })
  const point = item.read('geoLocationPoint', (value) => {
    const { pointLongitude: x, pointLatitude: y } = value as Record<string, unknown>
    return toBox({ west: x, south: y, east: x, north: y })
  })
  const place = present({ name, box: box ?? point })
  return Object.keys(place).length > 0 ? place : undefined
}
