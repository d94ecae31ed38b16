import { expect, test } from 'vitest'
import { homepageKey } from './homepage.ts'
import { identityKeys, normalizeIdentifier, recognizeIdentifier } from './identifiers.ts'
import { identifierText } from './vocabularies/identifiers.ts'
import { identifierUrl } from './vocabularies/web-addresses.ts'

test.each([
  ['doi', '10.5061/dryad.8515', 'doi', '10.5061/dryad.8515'],
  ['doi', ' https://doi.org/10.5061/DRYAD.8515 ', 'doi', '10.5061/dryad.8515'],
  ['doi', 'http://dx.doi.org/10.1000%2F182', 'doi', '10.1000/182'],
  ['doi', 'DOI: 10.1000/182', 'doi', '10.1000/182'],
  ['doi', 'https://doi.org/10.1000/a%zz', 'doi', '10.1000/a%zz'],
  [
    'doi',
    'info:doi/10.1002/(SICI)1097-4571(199806)49:8<693::AID-ASI4>3.0.CO;2-O',
    'doi',
    '10.1002/(sici)1097-4571(199806)49:8<693::aid-asi4>3.0.co;2-o',
  ],
  ['uri', 'https://doi.org/10.1000/182', 'doi', '10.1000/182'],
  ['handle', '10.1000/182', 'doi', '10.1000/182'],
  ['handle', 'https://hdl.handle.net/2027/MDP.39015', 'handle', '2027/mdp.39015'],
  ['ark', 'ark:/12148/btv1b8449691v', 'ark', '12148/btv1b8449691v'],
  ['ark', 'https://n2t.net/ark:12148/btv1-b844-9691v/?info', 'ark', '12148/btv1b8449691v'],
  ['uri', 'https://gallica.bnf.fr/ark:/12148/btv1b8449691v', 'ark', '12148/btv1b8449691v'],
  ['urn', 'URN:NBN:de:101:1-201102033592', 'urn', 'urn:nbn:de:101:1-201102033592'],
  ['isbn', '0-306-40615-2', 'isbn', '9780306406157'],
  ['isbn', 'urn:isbn:978-0-306-40615-7', 'isbn', '9780306406157'],
  ['issn', '20493630', 'issn', '2049-3630'],
  ['qid', 'http://www.wikidata.org/entity/Q42', 'qid', 'Q42'],
  ['rrid', 'RRID:SCR_006565', 'rrid', 'SCR_006565'],
  ['orcid', 'https://orcid.org/0000-0002-1825-009x', 'orcid', '0000-0002-1825-009X'],
  ['ror', 'https://ror.org/02MHBDP94', 'ror', '02mhbdp94'],
  ['uri', 'HTTPS://Example.ORG:443/a', 'uri', 'https://example.org/a'],
  ['uri', 's3://bucket/Prefix', 'uri', 's3://bucket/Prefix'],
  ['Bibcode', ' 2020Natur.585 ', 'bibcode', '2020Natur.585'],
])('normalizes %s %j to %s %s', (scheme, value, expectedScheme, expected) => {
  expect(normalizeIdentifier({ scheme, value })).toEqual({ scheme: expectedScheme, value: expected })
})

test.each([
  ['doi', '11.5061/dryad'],
  ['doi', '10.5061/'],
  ['doi', 'https://example.org/10.5061/dryad.8515'],
  ['ark', 'ark:/abc/x'],
  ['ark', 'ark:/12148/---'],
  ['isbn', '0-306-40615-3'],
  ['issn', '2049-3631'],
  ['qid', '42'],
  ['uri', 'not a uri'],
  ['bibcode', '  '],
])('refuses %s %j as malformed', (scheme, value) => {
  expect(normalizeIdentifier({ scheme, value })).toBeUndefined()
})

test.each([
  'https://Example.org/data/?utm_source=x&b=2&a=1#top',
  'http://www.example.org/data?a=1&b=2',
  'https://user@example.org:443/data/index.html?a=1&b=2',
  'https://example.org/%64ata?a=1&b=2',
])('treats %s as the same homepage', (url) => {
  expect(homepageKey(url)).toBe('example.org/data?a=1&b=2')
})

test('distinguishes homepages with another path, query or port', () => {
  const keys = [
    'https://a.org/x',
    'https://a.org/X',
    'https://a.org/x?id=1',
    'https://a.org:8080/x',
    'https://a.org',
  ]
  expect(new Set(keys.map(homepageKey)).size).toBe(keys.length)
  expect(homepageKey('ftp://a.org/x')).toBeUndefined()
  expect(homepageKey('nonsense')).toBeUndefined()
})

test('two records about the same data share a key, whichever field they use', () => {
  const one = identityKeys({ homepage: 'https://doi.org/10.1000/182' })
  const other = identityKeys({
    homepage: 'https://example.org/182/',
    identifiers: [
      { scheme: 'doi', value: 'doi:10.1000/182' },
      { scheme: 'uri', value: 'http://www.example.org/182' },
      { scheme: 'issn', value: '2049-3630' },
    ],
  })
  expect(one).toEqual(['doi:10.1000/182'])
  expect(other).toEqual(['doi:10.1000/182', 'homepage:example.org/182'])
})

test('recognizes typed identifiers but not plain words', () => {
  expect(recognizeIdentifier('10.5061/DRYAD.8515')).toEqual({ scheme: 'doi', value: '10.5061/dryad.8515' })
  expect(recognizeIdentifier('ark:/12148/btv1')).toEqual({ scheme: 'ark', value: '12148/btv1' })
  expect(recognizeIdentifier('isbn:0-306-40615-2')).toEqual({ scheme: 'isbn', value: '9780306406157' })
  expect(recognizeIdentifier('Q42')).toEqual({ scheme: 'qid', value: 'Q42' })
  expect(recognizeIdentifier('https://example.org/a')).toEqual({
    scheme: 'uri',
    value: 'https://example.org/a',
  })
  expect(recognizeIdentifier('sea level rise')).toBeUndefined()
  expect(recognizeIdentifier('publisher:noaa')).toBeUndefined()
})

test.each(['constructor', '__proto__', 'toString'])(
  'a scheme named %s is unknown like any other',
  (scheme) => {
    expect(normalizeIdentifier({ scheme, value: ' x ' })).toEqual({
      scheme: scheme.toLowerCase(),
      value: 'x',
    })
    expect(identityKeys({ identifiers: [{ scheme, value: 'x' }] })).toEqual([])
    expect(identifierUrl({ scheme, value: 'x' })).toBeUndefined()
    expect(identifierText(scheme, 'x')).toBe('x')
  },
)
