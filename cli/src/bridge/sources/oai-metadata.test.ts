import { expect, test } from 'vitest'
import { importEntry } from '../../import/catalog.ts'
import { readXml } from '../../import/xml.ts'
import { readMetadata } from './oai-metadata.ts'

const imported = (xml: string) => {
  const { kind, entry, types, page } = readMetadata(readXml(xml))
  return { ...importEntry(kind, entry, { createdAt: '2026-11-30T12:00:00.000Z' }), types, page }
}

test('reads DataCite XML, whatever its prefix and its wrapping', () => {
  const { record, types, leftOver } = imported(`<oai_datacite xmlns="http://schema.datacite.org/oai/oai-1.1/">
  <schemaVersion>4.6</schemaVersion><payload><d:resource xmlns:d="http://datacite.org/schema/kernel-4">
  <d:identifier identifierType="DOI">10.5072/ice</d:identifier>
  <d:creators><d:creator><d:creatorName nameType="Personal">Fjord, Ana</d:creatorName><d:givenName>Ana</d:givenName><d:familyName>Fjord</d:familyName>
    <d:nameIdentifier nameIdentifierScheme="ORCID">0000-0002-1825-0097</d:nameIdentifier></d:creator></d:creators>
  <d:titles><d:title>Sea ice &amp; wind</d:title><d:title titleType="Subtitle">Since 1979</d:title></d:titles>
  <d:publisher>Ice Institute</d:publisher><d:publicationYear>2024</d:publicationYear>
  <d:subjects><d:subject>ice</d:subject></d:subjects>
  <d:dates><d:date dateType="Issued">2024-02-01</d:date></d:dates><d:language>en</d:language>
  <d:resourceType resourceTypeGeneral="Dataset">Dataset</d:resourceType>
  <d:relatedIdentifiers><d:relatedIdentifier relatedIdentifierType="DOI" relationType="IsCitedBy">10.5072/paper</d:relatedIdentifier></d:relatedIdentifiers>
  <d:rightsList><d:rights rightsURI="https://creativecommons.org/licenses/by/4.0/">CC BY 4.0</d:rights></d:rightsList>
  <d:descriptions><d:description descriptionType="Abstract">Daily.<br/>By satellite.</d:description></d:descriptions>
  <d:geoLocations><d:geoLocation><d:geoLocationPlace>Arctic</d:geoLocationPlace></d:geoLocation></d:geoLocations>
  </d:resource></payload></oai_datacite>`)
  expect(types).toContain('Dataset')
  expect(record).toMatchObject({
    title: 'Sea ice & wind',
    creators: [{ name: 'Ana Fjord', identifiers: [{ scheme: 'orcid' }] }],
    publisher: { name: 'Ice Institute' },
    identifiers: [{ scheme: 'doi', value: '10.5072/ice' }],
    relatedIdentifiers: [{ relation: 'IsCitedBy', scheme: 'doi', value: '10.5072/paper' }],
    license: { url: 'https://creativecommons.org/licenses/by/4.0/' },
    keywords: [{ name: 'ice' }],
    issued: '2024-02-01',
    spatial: { name: 'Arctic' },
  })
  // The date says more than the year.
  expect(leftOver).toEqual([{ field: 'publicationYear', value: '2024' }])
})

test('reads Dublin Core: the page, identifiers, several descriptions, places and times', () => {
  const { record, types, page } =
    imported(`<oai_dc:dc xmlns:oai_dc="http://www.openarchives.org/OAI/2.0/oai_dc/" xmlns:dc="http://purl.org/dc/elements/1.1/">
  <dc:title>Tide tables</dc:title><dc:creator>Fjord, Ana</dc:creator><dc:creator>Harbor Office</dc:creator>
  <dc:subject>tides</dc:subject><dc:description>Heights.</dc:description><dc:description>Times.</dc:description>
  <dc:date>2020</dc:date><dc:type>Dataset</dc:type><dc:identifier>https://repo.example.edu/handle/1/2</dc:identifier>
  <dc:identifier>https://doi.org/10.5072/tides</dc:identifier><dc:coverage>Bergen</dc:coverage><dc:coverage>1990/2010</dc:coverage>
  <dc:rights>http://creativecommons.org/licenses/by/4.0/</dc:rights><dc:rights>Open to all</dc:rights></oai_dc:dc>`)
  expect({ types, page }).toEqual({ types: ['Dataset'], page: 'https://repo.example.edu/handle/1/2' })
  expect(record).toMatchObject({
    ...{ title: 'Tide tables', description: 'Heights.\n\nTimes.', issued: '2020', homepage: page },
    creators: [{ name: 'Fjord, Ana' }, { name: 'Harbor Office' }],
    identifiers: [{ scheme: 'doi', value: '10.5072/tides' }],
    ...{ temporal: { start: '1990', end: '2010' }, spatial: { name: 'Bergen' } },
    ...{ license: { spdx: 'CC-BY-4.0' }, accessRights: 'Open to all' },
  })
})

test('a description that contains a DOCTYPE as text is read, and a document with one is not', () => {
  expect(readXml('<a><![CDATA[<!DOCTYPE html>]]></a>').text).toBe('<!DOCTYPE html>')
  expect(() => readXml('<!DOCTYPE a [<!ENTITY b SYSTEM "file:///etc/passwd">]><a>&b;</a>')).toThrow('DOCTYPE')
})
