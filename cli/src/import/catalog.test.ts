import { collections } from '@holdfast/lexicons/nsid'
import { validateRecord } from '@holdfast/lexicons/validate'
import { expect, test } from 'vitest'
import { type CatalogKind, importEntry, readCatalog } from './catalog.ts'

const options = { createdAt: '2026-11-20T12:00:00.000Z' }

function importOne(document: unknown, kind: CatalogKind) {
  const catalog = readCatalog(document)
  expect(catalog?.kind).toBe(kind)
  expect(catalog?.entries).toHaveLength(1)
  const imported = importEntry(kind, catalog!.entries[0], options)
  expect(validateRecord(collections.dataset, imported.record)).toMatchObject({ ok: true })
  return imported
}

test('imports DCAT in JSON-LD', () => {
  const { rkey, record, leftOver } = importOne(
    {
      '@context': { dcat: 'http://www.w3.org/ns/dcat#', dct: 'http://purl.org/dc/terms/' },
      '@graph': [
        {
          '@id': 'https://data.example.org/set/1',
          '@type': 'dcat:Dataset',
          'dct:title': { '@value': 'Gauges', '@language': 'en' },
          'dct:identifier': 'https://doi.org/10.1234/GAUGES',
          'dct:publisher': { '@id': '_:office' },
          'dct:license': { '@id': 'https://creativecommons.org/licenses/by/4.0/' },
          'dct:issued': { '@type': 'xsd:date', '@value': '2020-02-03' },
          'dct:temporal': {
            '@type': 'dct:PeriodOfTime',
            'dcat:startDate': '1900',
            'dcat:endDate': '1999-12-31',
          },
          'dcat:keyword': ['river', 'gauge'],
          'dcat:distribution': [{ '@id': '_:csv' }],
          'dct:provenance': 'An old cellar',
        },
        { '@id': '_:office', '@type': 'foaf:Agent', 'foaf:name': 'Water Office', 'foaf:phone': '123' },
        {
          '@id': '_:csv',
          '@type': 'dcat:Distribution',
          'dcat:downloadURL': { '@id': 'https://data.example.org/1.csv' },
          'dcat:mediaType': { '@id': 'http://www.iana.org/assignments/media-types/text/csv' },
          'dcat:byteSize': '1234',
          'spdx:checksum': {
            'spdx:algorithm': { '@id': 'http://spdx.org/rdf/terms#checksumAlgorithm_sha256' },
            'spdx:checksumValue': 'A'.repeat(64),
          },
        },
      ],
    },
    'json-ld',
  )
  expect(rkey).toBe('10.1234-gauges')
  expect(record).toMatchObject({
    title: 'Gauges',
    publisher: { name: 'Water Office' },
    license: { spdx: 'CC-BY-4.0' },
    issued: '2020-02-03',
    temporal: { start: '1900', end: '1999-12-31' },
    keywords: [{ name: 'river' }, { name: 'gauge' }],
    sources: [
      {
        url: 'https://data.example.org/1.csv',
        kind: 'http',
        mediaType: 'text/csv',
        sizeBytes: 1234,
        checksums: [{ algorithm: 'sha-256', value: 'a'.repeat(64) }],
      },
    ],
  })
  expect(leftOver.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['provenance', 'publisher/phone']),
  )
})

test.each([
  [
    'values with their languages',
    {
      '@context': { dct: 'http://purl.org/dc/terms/' },
      '@id': 'https://e.org/1',
      '@type': 'dcat:Dataset',
      'dct:title': [
        { '@value': 'Pegelstände', '@language': 'de' },
        { '@value': 'Water levels', '@language': 'en' },
      ],
      'dct:description': { '@value': 'Tägliche Werte', '@language': 'de' },
      'dcat:keyword': [
        { '@value': 'Wasser', '@language': 'de' },
        { '@value': 'water', '@language': 'en' },
      ],
    },
  ],
  [
    'language maps',
    {
      '@context': { title: { '@id': 'http://purl.org/dc/terms/title', '@container': '@language' } },
      '@type': 'dcat:Dataset',
      title: { de: 'Pegelstände', en: 'Water levels' },
      description: { de: 'Tägliche Werte' },
      keyword: { de: ['Wasser'], en: ['water'] },
    },
  ],
])('imports DCAT in several languages by %s, with one as the title', (_what, document) => {
  const { record, leftOver } = importOne(document, 'json-ld')
  expect(record).toMatchObject({
    title: 'Water levels',
    description: 'Tägliche Werte\n\n## Title (de)\n\nPegelstände',
    keywords: [{ name: 'Wasser' }, { name: 'water' }],
  })
  expect(leftOver).toEqual([])
})

test('reports values within a field that were not used', () => {
  const { leftOver } = importOne(
    {
      '@context': 'https://schema.org/',
      '@type': 'Dataset',
      name: 'Gulf casts',
      about: [{ '@type': 'DefinedTerm', name: 'Hydrology', termCode: 'H-77' }],
      temporalCoverage: ['2001/2002', '2004/2005'],
      spatialCoverage: {
        name: 'Gulf',
        geo: { polygon: '20.1,-97.5 29.9,-81.2' },
        identifier: 'https://g.org/352',
      },
    },
    'json-ld',
  )
  expect(leftOver).toEqual([
    { field: 'about/termCode', value: 'H-77' },
    { field: 'temporalCoverage/1', value: '2004/2005' },
    { field: 'spatialCoverage/geo/polygon', value: '20.1,-97.5 29.9,-81.2' },
    { field: 'spatialCoverage/identifier', value: 'https://g.org/352' },
  ])
})

test('imports schema.org from web pages', () => {
  const { record } = importOne(
    {
      '@context': 'https://schema.org/',
      '@type': 'Dataset',
      name: 'NCDC Storm Events',
      description: 'Storms.',
      url: 'https://catalog.example.gov/storms',
      sameAs: 'https://example.org/storms',
      identifier: {
        '@type': 'PropertyValue',
        propertyID: 'https://registry.identifiers.org/registry/doi',
        value: 'doi:10.1000/182',
      },
      keywords: 'ATMOSPHERE > STORMS, HAIL',
      license: 'https://creativecommons.org/publicdomain/zero/1.0/',
      isAccessibleForFree: true,
      creator: {
        '@type': 'Person',
        sameAs: 'https://orcid.org/0000-0002-1825-0097',
        givenName: 'Josiah',
        familyName: 'Carberry',
        name: 'Josiah Carberry',
      },
      funder: { '@type': 'Organization', name: 'NWS' },
      distribution: [
        {
          '@type': 'DataDownload',
          encodingFormat: 'CSV',
          contentUrl: 'http://www.ncdc.noaa.gov/stormevents/ftp.jsp',
        },
      ],
      temporalCoverage: '1950-01-01/2013-12-18',
      spatialCoverage: { '@type': 'Place', geo: { '@type': 'GeoShape', box: '18.0 -65.0 72.0 172.0' } },
    },
    'json-ld',
  )
  expect(record).toMatchObject({
    title: 'NCDC Storm Events',
    homepage: 'https://catalog.example.gov/storms',
    creators: [{ name: 'Josiah Carberry', identifiers: [{ scheme: 'orcid', value: '0000-0002-1825-0097' }] }],
    keywords: [{ name: 'ATMOSPHERE > STORMS' }, { name: 'HAIL' }],
    license: { spdx: 'CC0-1.0' },
    temporal: { start: '1950-01-01', end: '2013-12-18' },
    spatial: { box: { west: '-65.0', south: '18.0', east: '172.0', north: '72.0' } },
    funding: [{ funder: { name: 'NWS' } }],
  })
})

test('imports Croissant and reports what was not used', () => {
  const { record, leftOver } = importOne(
    {
      '@context': { '@vocab': 'https://schema.org/', cr: 'http://mlcommons.org/croissant/' },
      '@type': 'sc:Dataset',
      name: 'mini',
      conformsTo: 'http://mlcommons.org/croissant/1.0',
      citeAs: 'Somebody, 2020',
      distribution: [
        {
          '@type': 'cr:FileObject',
          '@id': 'zip',
          name: 'data.zip',
          contentUrl: 'https://example.org/data.zip',
          encodingFormat: 'application/zip',
          sha256: 'b'.repeat(64),
          contentSize: '1.5 MB',
        },
        { '@type': 'cr:FileSet', '@id': 'images', containedIn: { '@id': 'zip' }, includes: '*.jpg' },
      ],
      recordSet: [{ '@type': 'cr:RecordSet', name: 'rows' }],
    },
    'croissant',
  )
  expect(record).toMatchObject({
    citation: 'Somebody, 2020',
    sources: [
      {
        url: 'https://example.org/data.zip',
        sizeBytes: 1_500_000,
        checksums: [{ algorithm: 'sha-256', value: 'b'.repeat(64) }],
      },
    ],
  })
  expect(leftOver.map(({ field }) => field)).toEqual(expect.arrayContaining(['distribution/1', 'recordSet']))
})

test('imports DataCite from its REST API', () => {
  const { rkey, record, leftOver } = importOne(
    {
      data: {
        id: '10.5438/0012',
        type: 'dois',
        attributes: {
          doi: '10.5438/0012',
          creators: [
            {
              name: 'Doe, Jane',
              givenName: 'Jane',
              familyName: 'Doe',
              nameType: 'Personal',
              nameIdentifiers: [
                { nameIdentifier: 'https://orcid.org/0000-0002-1825-0097', nameIdentifierScheme: 'ORCID' },
              ],
            },
          ],
          titles: [{ title: 'Kernel' }, { title: 'Der Kern', titleType: 'TranslatedTitle' }],
          publisher: {
            name: 'DataCite',
            publisherIdentifier: 'https://ror.org/04wxnsj81',
            publisherIdentifierScheme: 'ROR',
          },
          publicationYear: 2016,
          subjects: [
            { subject: 'metadata' },
            { subject: 'Hydrology', valueUri: 'http://id.example.org/hydrology' },
          ],
          contributors: [{ name: 'An Institute', contributorType: 'HostingInstitution' }],
          dates: [
            { date: '2016-09-19', dateType: 'Issued' },
            { date: '2000/2010', dateType: 'Coverage' },
            { date: 'soon', dateType: 'Available' },
          ],
          relatedIdentifiers: [
            {
              relatedIdentifier: '10.5438/55e5-t5c0',
              relatedIdentifierType: 'DOI',
              relationType: 'IsDocumentedBy',
            },
          ],
          rightsList: [
            {
              rights: 'Creative Commons Zero',
              rightsUri: 'https://creativecommons.org/publicdomain/zero/1.0/',
              rightsIdentifier: 'cc0-1.0',
              rightsIdentifierScheme: 'SPDX',
            },
          ],
          descriptions: [
            { description: 'The kernel.', descriptionType: 'Abstract' },
            { description: 'By hand.', descriptionType: 'Methods' },
          ],
          geoLocations: [
            { geoLocationPlace: 'Lyon', geoLocationPoint: { pointLongitude: 4.85, pointLatitude: '45.75' } },
          ],
          fundingReferences: [{ funderName: 'A Fund', awardNumber: '42' }],
          url: 'https://schema.datacite.org/',
          types: { resourceTypeGeneral: 'Dataset' },
        },
      },
    },
    'datacite',
  )
  expect(rkey).toBe('10.5438-0012')
  expect(record).toMatchObject({
    title: 'Kernel',
    description: 'The kernel.\n\n## TranslatedTitle\n\nDer Kern\n\n## Methods\n\nBy hand.',
    creators: [{ name: 'Jane Doe', identifiers: [{ scheme: 'orcid', value: '0000-0002-1825-0097' }] }],
    contributors: [{ agent: { name: 'An Institute' }, role: 'hosting-institution' }],
    publisher: { name: 'DataCite', identifiers: [{ scheme: 'ror', value: '04wxnsj81' }] },
    issued: '2016-09-19',
    temporal: { start: '2000', end: '2010' },
    keywords: [{ name: 'metadata' }],
    subjects: [{ label: 'Hydrology', uri: 'http://id.example.org/hydrology' }],
    relatedIdentifiers: [{ relation: 'IsDocumentedBy', scheme: 'doi', value: '10.5438/55e5-t5c0' }],
    license: { spdx: 'CC0-1.0', url: 'https://creativecommons.org/publicdomain/zero/1.0/' },
    spatial: { name: 'Lyon', box: { west: '4.85', south: '45.75', east: '4.85', north: '45.75' } },
    funding: [{ funder: { name: 'A Fund' }, awardNumber: '42' }],
  })
  expect(leftOver).toEqual(
    expect.arrayContaining([
      { field: 'creators/0/nameType', value: 'Personal' },
      { field: 'dates/2', value: { date: 'soon', dateType: 'Available' } },
    ]),
  )
})

test('imports a CKAN package', () => {
  const { rkey, record, leftOver } = importOne(
    {
      success: true,
      result: {
        id: '0d6d2b5c',
        name: 'bathing-water',
        title: 'Bathing water',
        notes: 'Samples.',
        metadata_created: '2015-01-01T00:00:00.000',
        license_id: 'cc-by',
        license_title: 'Creative Commons Attribution 4.0',
        license_url: 'https://creativecommons.org/licenses/by/4.0/',
        author: 'Lab',
        author_email: 'lab@example.org',
        organization: { title: 'Coast Agency', image_url: 'x.png' },
        tags: [{ name: 'sea', display_name: 'Sea' }],
        groups: [{ title: 'Environment' }],
        resources: [
          {
            id: 'r1',
            url: 'https://example.org/samples.csv',
            name: 'Samples',
            format: 'CSV',
            mimetype: 'text/csv',
            size: 42,
            hash: 'c'.repeat(32),
          },
          { id: 'r2', url: '', name: 'Lost' },
        ],
        extras: [
          { key: 'spatial', value: '{"type":"Point","coordinates":[1,2]}' },
          { key: 'harvest_source', value: 'x' },
        ],
      },
    },
    'ckan',
  )
  expect(rkey).toBe('bathing-water')
  expect(record).toMatchObject({
    title: 'Bathing water',
    creators: [{ name: 'Lab', email: 'lab@example.org' }],
    publisher: { name: 'Coast Agency' },
    license: { spdx: 'CC-BY-4.0' },
    keywords: [{ name: 'Sea' }],
    subjects: [{ label: 'Environment' }],
    sources: [
      {
        url: 'https://example.org/samples.csv',
        title: 'Samples',
        mediaType: 'text/csv',
        sizeBytes: 42,
        checksums: [{ algorithm: 'md5', value: 'c'.repeat(32) }],
      },
    ],
    spatial: { box: { west: '1', south: '2', east: '1', north: '2' } },
  })
  expect(leftOver.map(({ field }) => field)).toEqual(
    expect.arrayContaining(['harvest_source', 'metadata_created', 'organization/image_url', 'resources/1']),
  )
})

test('refuses any other document', () => {
  for (const document of [{ title: 'A dataset of ours', license: { spdx: 'CC0-1.0' } }, [], 'text', null, 5])
    expect(readCatalog(document)).toBeUndefined()
})
