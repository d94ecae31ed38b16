import type { defs } from '../index.ts'
import type { DescribedDataset } from './described-dataset.ts'
import { identifierText } from './identifiers.ts'
import { node } from './json-ld.ts'

/** A dataset as DataCite's metadata in JSON (schema 4.6), the attributes alone. */
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
      contributorType: typeOf(role ?? 'other'),
    })),
    publisher:
      record.publisher &&
      node({ name: record.publisher.name ?? record.publisher.url, ...publisherId(record.publisher) }),
    publicationYear: Number(/^-?\d{4}/.exec(record.issued ?? record.modified ?? record.createdAt)?.[0]),
    types: { resourceTypeGeneral: 'Dataset' },
    subjects: [
      ...(record.keywords ?? []).map(({ name }) => ({ subject: name })),
      ...(record.subjects ?? []).map(({ label, uri: term }) => node({ subject: label, valueUri: term })),
    ],
    language: record.languages?.[0]?.tag,
    dates: datesOf(record),
    relatedIdentifiers: record.relatedIdentifiers?.map(({ relation, scheme, value }) => ({
      relatedIdentifier: value,
      relatedIdentifierType: scheme === 'uri' ? 'URL' : scheme.toUpperCase(),
      relationType: relation,
    })),
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

/** `hosting-institution` is DataCite's `HostingInstitution`. */
function typeOf(role: string): string {
  return role
    .split('-')
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join('')
}

function datesOf({ issued, modified, temporal }: DescribedDataset['record']): object[] {
  const coverage = temporal && [temporal.start ?? '..', temporal.end ?? '..'].join('/')
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
