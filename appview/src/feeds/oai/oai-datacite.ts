import { toDataCite } from '@holdfast/lexicons/vocabularies/datacite'
import type { Described } from '../described.ts'
import { type Element, element, text } from '../xml.ts'

const kernel = 'http://datacite.org/schema/kernel-4'

/** Writes a dataset in the form that DataCite's own OAI provider uses (schema 4.6). */
export function writeOaiDataCite(dataset: Described, archive: string): Element {
  return element(
    'oai_datacite',
    {
      xmlns: 'http://schema.datacite.org/oai/oai-1.1/',
      'xsi:schemaLocation':
        'http://schema.datacite.org/oai/oai-1.1/ http://schema.datacite.org/oai/oai-1.1/oai.xsd',
    },
    text('schemaVersion', '4.6'),
    text('datacentreSymbol', archive),
    element('payload', {}, resource(dataset)),
  )
}

interface DataCite {
  doi?: string
  identifiers: { identifier: string; identifierType: string }[]
  titles: { title: string }[]
  creators?: Person[]
  contributors?: (Person & { contributorType: string })[]
  publisher?: { name?: string }
  publicationYear?: number
  subjects?: { subject?: string; valueUri?: string }[]
  language?: string
  dates?: { date: string; dateType: string }[]
  relatedIdentifiers?: { relatedIdentifier: string; relatedIdentifierType: string; relationType: string }[]
  sizes?: string[]
  formats?: string[]
  version?: string
  rightsList?: { rights?: string; rightsUri?: string; rightsIdentifier?: string }[]
  descriptions?: { description: string; descriptionType: string }[]
  geoLocations?: { geoLocationPlace?: string; geoLocationBox?: Record<string, number> }[]
}

interface Person {
  name?: string
  nameIdentifiers?: { nameIdentifier: string; nameIdentifierScheme: string }[]
}

/** DataCite's value for missing information (schema 4.6, appendix 3). */
const unknown = '(:unav)'

/** Writes the attributes of DataCite's JSON as elements of its XML, which have the same names. */
function resource(dataset: Described): Element {
  const cited = toDataCite(dataset) as DataCite
  const [id, ...alternates] = [
    ...(cited.doi ? [{ identifier: cited.doi, identifierType: 'DOI' }] : []),
    { identifier: dataset.page, identifierType: 'URL' },
    ...cited.identifiers,
  ]
  const creators = cited.creators?.length ? cited.creators : [{ name: unknown }]
  return element(
    'resource',
    {
      xmlns: kernel,
      'xsi:schemaLocation': `${kernel} http://schema.datacite.org/meta/kernel-4.6/metadata.xsd`,
    },
    element('identifier', { identifierType: id!.identifierType }, id!.identifier),
    element('creators', {}, ...creators.map((creator) => person('creator', creator))),
    element('titles', {}, ...cited.titles.map(({ title }) => text('title', title))),
    element('publisher', {}, cited.publisher?.name ?? unknown),
    element(
      'publicationYear',
      {},
      year(cited.publicationYear ?? new Date(dataset.indexedAt).getUTCFullYear()),
    ),
    element('resourceType', { resourceTypeGeneral: 'Dataset' }, 'Dataset'),
    many('subjects', cited.subjects, ({ subject, valueUri }) =>
      element('subject', { valueURI: valueUri }, subject ?? valueUri),
    ),
    many('contributors', cited.contributors, (one) =>
      person('contributor', one, { contributorType: one.contributorType }),
    ),
    many('dates', cited.dates, ({ date, dateType }) => element('date', { dateType }, date)),
    text('language', cited.language),
    many('alternateIdentifiers', alternates, ({ identifier, identifierType }) =>
      element('alternateIdentifier', { alternateIdentifierType: identifierType }, identifier),
    ),
    many('relatedIdentifiers', cited.relatedIdentifiers, ({ relatedIdentifier, ...types }) =>
      element('relatedIdentifier', types, relatedIdentifier),
    ),
    many('sizes', cited.sizes, (size) => text('size', size)),
    many('formats', cited.formats, (format) => text('format', format)),
    text('version', cited.version),
    many('rightsList', cited.rightsList, ({ rights, rightsUri, rightsIdentifier }) =>
      element('rights', { rightsURI: rightsUri, rightsIdentifier }, rights),
    ),
    many('descriptions', cited.descriptions, ({ description, descriptionType }) =>
      element('description', { descriptionType }, description),
    ),
    many('geoLocations', cited.geoLocations, ({ geoLocationPlace, geoLocationBox }) =>
      element(
        'geoLocation',
        {},
        text('geoLocationPlace', geoLocationPlace),
        geoLocationBox &&
          element(
            'geoLocationBox',
            {},
            ...Object.entries(geoLocationBox).map(([side, degrees]) => text(side, degrees)),
          ),
      ),
    ),
  )
}

function person(
  kind: 'creator' | 'contributor',
  { name = unknown, nameIdentifiers = [] }: Person,
  attributes: Element['attributes'] = {},
): Element {
  return element(
    kind,
    attributes,
    text(`${kind}Name`, name),
    ...nameIdentifiers.map(({ nameIdentifier, nameIdentifierScheme }) =>
      element('nameIdentifier', { nameIdentifierScheme }, nameIdentifier),
    ),
  )
}

function many<T>(
  name: string,
  items: readonly T[] | undefined,
  write: (item: T) => Element | undefined,
): Element | undefined {
  return items?.length ? element(name, {}, ...items.map(write)) : undefined
}

/** Writes a year with four digits, as the schema requires. */
function year(number: number): string {
  return String(number).padStart(4, '0')
}
