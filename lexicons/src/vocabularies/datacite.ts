import { edtfBounds } from '../edtf.ts'
import type { defs } from '../index.ts'
import { ownValue } from '../own-value.ts'
import type { DescribedDataset } from './described-dataset.ts'
import { identifierText } from './identifiers.ts'
import { node } from './json-ld.ts'
import { identifierUrl, isWebUrl } from './web-addresses.ts'

/** Maps a dataset to DataCite's metadata in JSON (schema 4.6), with the attributes only. */
export function toDataCite({ uri, record, description, torrents }: DescribedDataset): object {
  const doi = record.identifiers?.find(({ scheme }) => scheme === 'doi')?.value
  const others = (record.identifiers ?? []).filter(({ scheme }) => scheme !== 'doi')
  return node({
    doi,
    identifiers: [
      ...others.map(({ scheme, value }) => ({ identifier: value, identifierType: scheme.toUpperCase() })),
      { identifier: uri, identifierType: 'AT-URI' },
    ],
    titles: [{ title: record.title }],
    creators: (record.creators ?? (record.publisher ? [record.publisher] : [])).map(toPerson),
    contributors: record.contributors?.map(({ agent, role }) => ({
      ...toPerson(agent),
      contributorType: contributorTypeOf(role),
    })),
    publisher:
      record.publisher &&
      node({ name: record.publisher.name ?? record.publisher.url, ...publisherId(record.publisher) }),
    publicationYear: yearOf([record.issued, record.modified, record.createdAt]),
    types: { resourceTypeGeneral: 'Dataset' },
    subjects: [
      ...(record.keywords ?? []).map(({ name }) => ({ subject: name })),
      ...(record.subjects ?? []).map(({ label, uri: term }) => node({ subject: label, valueUri: term })),
    ],
    language: record.languages?.[0]?.tag,
    dates: datesOf(record),
    relatedIdentifiers: record.relatedIdentifiers?.flatMap(toRelated),
    sizes: record.sizeBytes === undefined ? undefined : [`${record.sizeBytes} bytes`],
    formats: record.formats?.flatMap(({ mediaType }) => mediaType ?? []),
    version: record.version,
    rightsList: rightsOf(record.license, record.accessRights),
    descriptions: [
      ...textOf(description ?? record.description, 'Abstract'),
      ...textOf(
        torrents
          .map(
            ({ infoHashV1, infoHashV2, name }) =>
              `${name}: ${[infoHashV2, infoHashV1].filter(Boolean).join(', ')}`,
          )
          .join('\n'),
        'TechnicalInfo',
      ),
    ],
    geoLocations: record.spatial && [toGeo(record.spatial)],
    fundingReferences: record.funding?.map(({ funder, awardNumber, awardTitle, url }) =>
      node({ funderName: funder?.name, awardNumber, awardTitle, awardUri: url }),
    ),
    url: record.homepage,
    contentUrl: record.sources?.filter(({ kind }) => kind === 'http').map(({ url }) => url),
    schemaVersion: 'http://datacite.org/schema/kernel-4',
  })
}

function toPerson(agent: defs.Agent): object {
  return node({
    name: agent.name ?? agent.url ?? agent.did ?? agent.email,
    nameIdentifiers: agent.identifiers?.map(({ scheme, value }) => ({
      nameIdentifier: identifierText(scheme, value),
      nameIdentifierScheme: scheme.toUpperCase(),
    })),
  })
}

function publisherId({ identifiers = [] }: defs.Agent): object {
  const [id] = identifiers
  return id
    ? {
        publisherIdentifier: identifierText(id.scheme, id.value),
        publisherIdentifierScheme: id.scheme.toUpperCase(),
      }
    : {}
}

/**
 * DataCite's contributor type for a role (schema 4.6, appendix 1). The list is closed, and `hosting-institution` is
 * `HostingInstitution` there.
 */
function contributorTypeOf(role = 'other'): string {
  const type = role
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
  // DataCite has no publisher among its contributors; another publisher is listed as a distributor.
  if (type === 'Publisher') return 'Distributor'
  return contributorTypes.has(type) ? type : 'Other'
}

const contributorTypes: ReadonlySet<string> = new Set([
  ...['ContactPerson', 'DataCollector', 'DataCurator', 'DataManager', 'Distributor', 'Editor'],
  ...['HostingInstitution', 'Producer', 'ProjectLeader', 'ProjectManager', 'ProjectMember'],
  ...['RegistrationAgency', 'RegistrationAuthority', 'RelatedPerson', 'Researcher', 'ResearchGroup'],
  ...['RightsHolder', 'Sponsor', 'Supervisor', 'Translator', 'WorkPackageLeader', 'Other'],
])

/** An identifier whose scheme DataCite does not have is written as an address if there is one, or left out. */
function toRelated({ relation, scheme, value }: defs.RelatedIdentifier): object[] {
  const type = ownValue(relatedTypes, scheme.toLowerCase())
  const address = type === undefined ? (isWebUrl(value) ? value : identifierUrl({ scheme, value })) : value
  if (address === undefined) return []
  return [
    {
      relatedIdentifier: address,
      relatedIdentifierType: type ?? 'URL',
      relationType: relationTypes.has(relation) ? relation : 'References',
    },
  ]
}

/** DataCite's relatedIdentifierType for each of our schemes; the list is closed. */
const relatedTypes: Readonly<Record<string, string>> = {
  ...{ doi: 'DOI', ark: 'ARK', purl: 'PURL', urn: 'URN', handle: 'Handle', isbn: 'ISBN', issn: 'ISSN' },
  ...{ rrid: 'RRID', arxiv: 'arXiv', bibcode: 'bibcode', igsn: 'IGSN', pmid: 'PMID', lsid: 'LSID' },
}

const relationTypes: ReadonlySet<string> = new Set([
  ...['IsCitedBy', 'Cites', 'IsSupplementTo', 'IsSupplementedBy', 'IsContinuedBy', 'Continues'],
  ...['IsDescribedBy', 'Describes', 'HasMetadata', 'IsMetadataFor', 'HasVersion', 'IsVersionOf'],
  ...['IsNewVersionOf', 'IsPreviousVersionOf', 'IsPartOf', 'HasPart', 'IsPublishedIn', 'IsReferencedBy'],
  ...['References', 'IsDocumentedBy', 'Documents', 'IsCompiledBy', 'Compiles', 'IsVariantFormOf'],
  ...['IsOriginalFormOf', 'IsIdenticalTo', 'IsReviewedBy', 'Reviews', 'IsDerivedFrom', 'IsSourceOf'],
  ...['IsRequiredBy', 'Requires', 'IsObsoletedBy', 'Obsoletes', 'IsCollectedBy', 'Collects'],
  ...['IsTranslationOf', 'HasTranslation'],
])

/**
 * The year of the first of these dates that has one with four digits: for an EDTF date, the year in which it begins, or
 * else ends.
 */
function yearOf(dates: readonly (string | undefined)[]): number | undefined {
  for (const text of dates) {
    const bounds = text === undefined ? undefined : edtfBounds(text)
    const at = bounds?.earliestMs ?? bounds?.latestMs
    const year = at === undefined ? undefined : new Date(at).getUTCFullYear()
    if (year !== undefined && year >= 0 && year <= 9999) return year
  }
  return undefined
}

function datesOf({ issued, modified, temporal }: DescribedDataset['record']): object[] {
  // DataCite accepts RKMS-ISO8601, in which the end of an open period is empty.
  const { start = '', end = '' } = temporal ?? {}
  const period = start.includes('/') ? start : start || end ? `${start}/${end}` : ''
  const coverage = period.replaceAll('..', '')
  return [
    ...(issued ? [{ date: issued, dateType: 'Issued' }] : []),
    ...(modified ? [{ date: modified, dateType: 'Updated' }] : []),
    ...(coverage ? [{ date: coverage, dateType: 'Coverage' }] : []),
  ]
}

function rightsOf(license: defs.License | undefined, accessRights: string | undefined): object[] {
  const stated =
    license &&
    node({
      rights: license.text ?? license.spdx,
      rightsUri: license.url,
      rightsIdentifier: license.spdx,
      rightsIdentifierScheme: license.spdx && 'SPDX',
    })
  return [...(stated ? [stated] : []), ...(accessRights ? [{ rights: accessRights }] : [])]
}

function textOf(text: string | undefined, descriptionType: string): object[] {
  return text ? [{ description: text, descriptionType }] : []
}

function toGeo({ name, box }: defs.Spatial): object {
  return node({
    geoLocationPlace: name,
    geoLocationBox: box && {
      westBoundLongitude: Number(box.west),
      southBoundLatitude: Number(box.south),
      eastBoundLongitude: Number(box.east),
      northBoundLatitude: Number(box.north),
    },
  })
}
