import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { toDataCite } from './datacite.ts'

const { defs } = JSON.parse(
  readFileSync(new URL('../../org/holdfast/defs.json', import.meta.url), 'utf8'),
) as { defs: Record<string, { properties: Record<string, { knownValues: string[] }> }> }
const known = (def: string, property: string) => defs[def]!.properties[property]!.knownValues

const cited = (record: object) =>
  toDataCite({
    uri: 'at://did:plc:x/org.holdfast.dataset/x',
    record: { title: 'x', createdAt: '2026-01-02T00:00:00Z', ...record } as never,
    torrents: [],
  }) as {
    contributors: { contributorType: string }[]
    relatedIdentifiers: {
      relatedIdentifier: string
      relatedIdentifierType: string
      relationType: string
    }[]
    publicationYear: number
    dates?: { date: string; dateType: string }[]
  }

/** DataCite's schema 4.6: closed lists. */
const contributorTypes =
  'ContactPerson DataCollector DataCurator DataManager Distributor Editor HostingInstitution Producer ProjectLeader ProjectManager ProjectMember RegistrationAgency RegistrationAuthority RelatedPerson Researcher ResearchGroup RightsHolder Sponsor Supervisor Translator WorkPackageLeader Other'.split(
    ' ',
  )
const identifierTypes =
  'ARK arXiv bibcode CSTR DOI EAN13 EISSN Handle IGSN ISBN ISSN ISTC LISSN LSID PMID PURL RRID UPC URL URN w3id'.split(
    ' ',
  )

test.each([...known('contributor', 'role'), 'something-else'])('a contributor as %s has a type', (role) => {
  const { contributors } = cited({ contributors: [{ agent: { name: 'A' }, role }] })
  expect(contributorTypes).toContain(contributors[0]!.contributorType)
})

test.each([...new Set([...known('identifier', 'scheme'), ...known('relatedIdentifier', 'scheme')])])(
  'a related identifier by %s has a type',
  (scheme) => {
    const value = scheme === 'uri' ? 'https://example.org/x' : '10.1/x'
    const { relatedIdentifiers } = cited({ relatedIdentifiers: [{ relation: 'Cites', scheme, value }] })
    expect(relatedIdentifiers).toHaveLength(1)
    expect(identifierTypes).toContain(relatedIdentifiers[0]!.relatedIdentifierType)
    if (relatedIdentifiers[0]!.relatedIdentifierType === 'URL')
      expect(relatedIdentifiers[0]!.relatedIdentifier).toMatch(/^https?:/)
  },
)

test.each([
  ['2011', 2011],
  ['2011-06', 2011],
  ['201X', 2010],
  ['19XX', 1900],
  ['2001-21', 2001],
  ['1880/1920', 1880],
  ['../1920', 1920],
  ['2004~', 2004],
  ['0079', 79],
  // A year that four digits cannot express is replaced by the year in which the record was made.
  ['-0044', 2026],
  ['Y17000', 2026],
  ['no date', 2026],
])('for the issue date %s, the publication year is %i', (issued, year) => {
  expect(cited({ issued }).publicationYear).toBe(year)
})

test.each([
  [{ start: '1997' }, '1997/'],
  [{ end: '2013' }, '/2013'],
  [{ start: '1997', end: '2013' }, '1997/2013'],
  [{ start: '1997/..' }, '1997/..'],
])('writes the period %j as %s', (temporal, date) => {
  expect(cited({ temporal }).dates).toContainEqual({
    date: date.replace('..', ''),
    dateType: 'Coverage',
  })
})

test('leaves out a period without ends', () => {
  expect(cited({ temporal: {} }).dates ?? []).toEqual([])
})
