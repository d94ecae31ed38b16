import type { dataset, defs, torrent } from '@holdfast/lexicons'
import { formatMagnet } from '@holdfast/torrent/magnet'

/** A dataset, its torrents, and its whole description where that is a blob. */
export interface ExportedDataset {
  readonly uri: string
  readonly rkey: string
  readonly record: dataset.Main
  readonly description: string | undefined
  readonly torrents: readonly { readonly uri: string; readonly record: torrent.Main }[]
}

const context = {
  dcat: 'http://www.w3.org/ns/dcat#',
  dct: 'http://purl.org/dc/terms/',
  adms: 'http://www.w3.org/ns/adms#',
  foaf: 'http://xmlns.com/foaf/0.1/',
  vcard: 'http://www.w3.org/2006/vcard/ns#',
  spdx: 'http://spdx.org/rdf/terms#',
  skos: 'http://www.w3.org/2004/02/skos/core#',
  xsd: 'http://www.w3.org/2001/XMLSchema#',
}

/** Datasets as one catalogue in JSON-LD (DCAT 3). */
export function toDcat(
  owner: { did: string; handle: string | undefined },
  datasets: readonly ExportedDataset[],
): object {
  return {
    '@context': context,
    '@id': `at://${owner.did}`,
    '@type': 'dcat:Catalog',
    'dct:title': `Datasets described by ${owner.handle ?? owner.did}`,
    'dcat:dataset': datasets.map(toNode),
  }
}

function toNode({ uri, record, description, torrents }: ExportedDataset): object {
  return defined({
    '@id': uri,
    '@type': 'dcat:Dataset',
    'dct:title': record.title,
    'dct:description': description ?? record.description,
    'dct:creator': record.creators?.map(toAgent),
    'dct:contributor': record.contributors?.map(({ agent }) => toAgent(agent)),
    'dct:publisher': record.publisher && toAgent(record.publisher),
    'dcat:contactPoint': record.contacts?.map(toContact),
    'dcat:landingPage': reference(record.homepage),
    'dct:identifier': record.identifiers?.map(({ scheme, value }) => identifierText(scheme, value)),
    'dct:license':
      record.license && (reference(record.license.url) ?? record.license.spdx ?? record.license.text),
    'dct:accessRights': record.accessRights,
    'dct:bibliographicCitation': record.citation,
    'dcat:keyword': record.keywords?.map(({ name }) => name),
    'dcat:theme': record.subjects?.map(({ uri: term, label }) =>
      defined({ '@id': term, '@type': 'skos:Concept', 'skos:prefLabel': label }),
    ),
    'dct:language': record.languages?.map(({ tag }) => tag),
    'dct:temporal':
      record.temporal &&
      defined({
        '@type': 'dct:PeriodOfTime',
        'dcat:startDate': record.temporal.start,
        'dcat:endDate': record.temporal.end,
      }),
    'dct:spatial': record.spatial && toLocation(record.spatial),
    'dct:issued': record.issued,
    'dct:modified': record.modified,
    'dct:accrualPeriodicity': record.updateFrequency,
    'dcat:version': record.version,
    'dct:relation': record.relatedIdentifiers?.map(({ scheme, value }) => identifierText(scheme, value)),
    'dcat:distribution': [
      ...(record.sources ?? []).map(toDistribution),
      ...torrents.map(toTorrentDistribution),
    ],
  })
}

function toAgent(agent: defs.Agent): object {
  const id = agent.identifiers
    ?.map(({ scheme, value }) => identifierText(scheme, value))
    .find((text) => text.includes(':'))
  return defined({
    '@id': id ?? agent.did,
    '@type': 'foaf:Agent',
    'foaf:name': agent.name,
    'foaf:homepage': reference(agent.url),
    'foaf:mbox': reference(agent.email && `mailto:${agent.email}`),
  })
}

function toContact(agent: defs.Agent): object {
  return defined({
    '@type': 'vcard:Kind',
    'vcard:fn': agent.name,
    'vcard:hasEmail': reference(agent.email && `mailto:${agent.email}`),
    'vcard:hasURL': reference(agent.url),
  })
}

function toDistribution(source: defs.Source): object {
  const isPage = source.kind === 'web' || source.kind === 'api'
  return defined({
    '@type': 'dcat:Distribution',
    'dct:title': source.title,
    'dct:description': source.description,
    [isPage ? 'dcat:accessURL' : 'dcat:downloadURL']: reference(source.url),
    'dcat:mediaType': source.mediaType,
    'dcat:byteSize': source.sizeBytes,
    'spdx:checksum': source.checksums?.map(({ algorithm, value }) => ({
      '@type': 'spdx:Checksum',
      'spdx:algorithm': { '@id': `spdx:checksumAlgorithm_${algorithm.replace('-', '')}` },
      'spdx:checksumValue': value,
    })),
  })
}

function toTorrentDistribution({ uri, record }: ExportedDataset['torrents'][number]): object {
  const {
    infoHashV1 = null,
    infoHashV2 = null,
    name,
    sizeBytes = null,
    trackers = [],
    webSeeds = [],
  } = record
  const magnet = formatMagnet({
    infoHashV1,
    infoHashV2,
    name,
    sizeBytes,
    trackers: trackers.map(({ url }) => url),
    webSeeds: webSeeds.map(({ url }) => url),
  })
  return defined({
    '@id': uri,
    '@type': 'dcat:Distribution',
    'dct:title': name,
    'dcat:accessURL': reference(magnet),
    'dcat:mediaType': 'application/x-bittorrent',
    'dcat:byteSize': record.sizeBytes,
  })
}

function toLocation({ name, box }: defs.Spatial): object {
  return defined({
    '@type': 'dct:Location',
    'skos:prefLabel': name,
    // WKT goes round the box once: west south, east south, east north, west north (OGC Simple Features).
    'dcat:bbox':
      box &&
      `POLYGON((${box.west} ${box.south},${box.east} ${box.south},${box.east} ${box.north},${box.west} ${box.north},${box.west} ${box.south}))`,
  })
}

const resolvers: Readonly<Record<string, string>> = {
  doi: 'https://doi.org/',
  ark: 'https://n2t.net/ark:',
  handle: 'https://hdl.handle.net/',
  orcid: 'https://orcid.org/',
  ror: 'https://ror.org/',
  qid: 'http://www.wikidata.org/entity/',
  isbn: 'urn:isbn:',
  issn: 'urn:issn:',
}

/** An identifier that says by itself what it is: a DOI as https://doi.org/… */
export function identifierText(scheme: string, value: string): string {
  return /^[a-z][a-z0-9+.-]*:/i.test(value) ? value : `${resolvers[scheme] ?? ''}${value}`
}

function reference(uri: string | undefined): { '@id': string } | undefined {
  return uri ? { '@id': uri } : undefined
}

/** Without what says nothing. */
export function defined<T extends object>(object: T): object {
  const says = (value: unknown) => value !== undefined && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(object).filter(([, value]) => says(value)))
}
