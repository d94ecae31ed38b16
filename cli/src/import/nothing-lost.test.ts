import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type CatalogKind, importEntry, readCatalog } from './catalog.ts'
import { importBag } from './formats/bagit.ts'

// Entries with many fields, in which every value is a different word. Each must be in the record or reported as left over.

const options = { createdAt: '2026-11-20T12:00:00.000Z' }

/** A shape whose leaves are made by a counter, so that no two entries and no two values share a word. */
type Draw = (next: () => number) => unknown

const word: Draw = (next) => `Wört${next()}z`
const address: Draw = (next) => `https://host${next()}x.example/path${next()}`
const date: Draw = (next) => `${1000 + (next() % 900)}-0${1 + (next() % 9)}-1${next() % 9}`
const period: Draw = (next) => `${String(date(next))}/${3000 + (next() % 900)}`
const number: Draw = (next) => 7_000_000 + next()
const degrees: Draw = (next) => Number(`${next() % 80}.${1000 + next()}`)
const flag: Draw = () => true
const of =
  (fields: Record<string, Draw>): Draw =>
  (next) =>
    Object.fromEntries(Object.entries(fields).map(([name, draw]) => [name, draw(next)]))
const few =
  (draw: Draw, count = 3): Draw =>
  (next) =>
    Array.from({ length: count }, () => draw(next))
const polygon: Draw = (next) => ({
  type: 'Polygon',
  coordinates: [Array.from({ length: 5 }, () => [degrees(next), degrees(next)])],
})

/** What an entry may have in place of a value: a valid one, several, or something else. */
const anything = [word, address, date, period, number, flag, polygon, few(word), few(address), few(date)]
const agent = of({ name: word, email: word, url: address, affiliation: word, identifier: word })
const place = of({
  name: word,
  identifier: address,
  geo: of({ box: word, polygon: word, latitude: degrees, longitude: degrees }),
})
const languages: Draw = (next) =>
  ['de', 'en', 'fr'].map((language) => ({ '@value': word(next), '@language': language }))
const languageMap: Draw = (next) => ({ de: word(next), en: [word(next), word(next)] })

const kinds: Record<string, { fixed: Record<string, Draw>; rich: Record<string, Draw[]> }> = {
  'json-ld': {
    fixed: { '@context': () => 'https://schema.org/', '@type': () => 'Dataset', name: word },
    rich: {
      title: [languages, languageMap],
      description: [languages, languageMap],
      keywords: [languages],
      creator: [agent, few(agent), of({ name: languages })],
      publisher: [agent, few(agent)],
      license: [of({ name: word, url: address, description: word })],
      spatialCoverage: [place, few(place)],
      spatial: [of({ prefLabel: languages, bbox: word, geometry: polygon })],
      temporalCoverage: [few(period)],
      temporal: [
        of({ startDate: date, endDate: date, note: word }),
        few(of({ startDate: date, endDate: word })),
      ],
      about: [
        of({ name: word, termCode: word, inDefinedTermSet: address }),
        few(of({ name: word, id: address })),
      ],
      subject: [few(of({ prefLabel: languages }))],
      citation: [of({ name: word, url: address, identifier: word, author: word })],
      isPartOf: [few(of({ url: address, name: word, note: word }))],
      identifier: [of({ propertyID: () => 'doi', value: word, url: address }), few(word)],
      distribution: [
        few(
          of({
            contentUrl: address,
            name: languages,
            encodingFormat: few(word),
            contentSize: word,
            checksum: of({ checksumValue: word }),
            license: address,
          }),
        ),
      ],
      funder: [few(agent)],
      inLanguage: [few(word)],
      issued: [few(date)],
      version: [number, of({ label: word })],
      accrualPeriodicity: [of({ label: word, note: word }), address],
      measurementTechnique: [word],
      isAccessibleForFree: [flag],
    },
  },
  'dcat-us': {
    fixed: { accessLevel: () => 'public', title: word, identifier: word },
    rich: {
      description: [word],
      publisher: [of({ name: word, subOrganizationOf: of({ name: word, code: word }) })],
      contactPoint: [few(of({ fn: word, hasEmail: word, phone: word }))],
      distribution: [
        few(
          of({
            downloadURL: address,
            accessURL: address,
            mediaType: word,
            format: word,
            describedBy: address,
            note: word,
          }),
        ),
      ],
      references: [few(address)],
      theme: [few(word)],
      keyword: [few(word)],
      temporal: [period, few(period)],
      spatial: [polygon, few(word)],
      license: [address, few(address)],
      rights: [word],
      issued: [date],
      bureauCode: [few(word)],
    },
  },
  datacite: {
    fixed: {
      titles: few(of({ title: word, lang: word })),
      doi: (next) => `10.1234/w${next()}z`,
      publicationYear: () => 2016,
    },
    rich: {
      creators: [
        few(
          of({
            name: word,
            givenName: word,
            familyName: word,
            nameType: word,
            affiliation: few(word),
            nameIdentifiers: few(of({ nameIdentifier: word, schemeUri: address })),
          }),
        ),
      ],
      contributors: [few(of({ name: word, contributorType: word }))],
      publisher: [of({ name: word, publisherIdentifier: word, lang: word })],
      subjects: [
        few(of({ subject: word, subjectScheme: word, valueUri: address, classificationCode: word })),
      ],
      dates: [
        few(of({ date, dateType: () => 'Coverage', dateInformation: word })),
        few(of({ date, dateType: () => 'Issued' })),
        few(of({ date: word, dateType: () => 'Updated' })),
      ],
      relatedIdentifiers: [
        few(
          of({
            relatedIdentifier: address,
            relatedIdentifierType: () => 'URL',
            relationType: () => 'Cites',
            relatedMetadataScheme: word,
          }),
        ),
      ],
      rightsList: [few(of({ rights: word, rightsUri: address, lang: word, rightsIdentifier: word }))],
      descriptions: [few(of({ description: word, descriptionType: () => 'Methods', lang: word }))],
      geoLocations: [
        few(
          of({
            geoLocationPlace: word,
            geoLocationPoint: of({ pointLongitude: degrees, pointLatitude: degrees }),
            geoLocationPolygon: few(of({ polygonPoint: of({ pointLongitude: degrees }) })),
          }),
        ),
      ],
      fundingReferences: [
        few(of({ funderName: word, awardNumber: word, funderIdentifier: word, note: word })),
      ],
      sizes: [few(word)],
      formats: [few(word)],
      contentUrl: [few(address)],
      container: [of({ title: word })],
    },
  },
  ckan: {
    fixed: { name: word, metadata_created: () => '2015-01-01', owner_org: word },
    rich: {
      notes: [word],
      author: [word],
      author_email: [word],
      organization: [of({ title: word, name: word, description: word, url: address })],
      tags: [few(of({ name: word, display_name: word, vocabulary_id: word })), few(word)],
      groups: [few(of({ title: word, name: word, description: word }))],
      license_id: [word],
      license_title: [word],
      license_url: [address],
      resources: [
        few(
          of({ url: address, name: word, format: word, hash: word, size: number, created: date, id: word }),
        ),
      ],
      extras: [
        (next) => ['spatial', 'issued', 'contact_name', 'odd'].map((key) => ({ key, value: word(next) })),
        (next) => [{ key: 'spatial', value: JSON.stringify(polygon(next)) }],
      ],
      publisher: [word],
    },
  },
  sciop: {
    fixed: { slug: word, title: word, threat: () => 'indefinite', scarcity: () => 'unknown' },
    rich: {
      description: [word],
      publisher: [word],
      homepage: [address],
      urls: [few(address), few(word)],
      tags: [few(word)],
      external_identifiers: [few(of({ type: () => 'doi', identifier: word }))],
      external_sources: [few(of({ source: word, url: address, description: word, note: word }))],
      dataset_created_at: [date],
      dataset_updated_at: [word],
      last_seen_at: [date],
      source_type: [word, () => 's3'],
      source_access: [word],
      scrape_status: [word],
    },
  },
  'academic-torrents': {
    fixed: { title: word, infohash: (next) => String(next()).padStart(40, 'a') },
    rich: {
      category: [word],
      link: [address],
      guid: [address, word],
      size: [number, word],
      description: [
        word,
        (next) =>
          `@article{x, author={${word(next)} and ${word(next)}}, abstract={${word(next)}}, odd={${word(next)}}}`,
      ],
      pubDate: [date],
    },
  },
}
kinds.croissant = {
  ...kinds['json-ld']!,
  fixed: { ...kinds['json-ld']!.fixed, conformsTo: () => 'http://mlcommons.org/croissant/1.0' },
}

/** Classes and types of values, which follow from the field. */
const structural =
  /^(?:@?type|@context|@language|dateType|descriptionType|relatedIdentifierType|conformsTo|propertyID|key)$/

function* leaves(value: unknown, path: string): Generator<[string, string]> {
  if (typeof value === 'object' && value !== null)
    for (const [name, item] of Object.entries(value)) {
      if (!structural.test(name)) yield* leaves(item, `${path}/${name}`)
    }
  else if (value !== true) yield [path, String(value)]
}

function lostOf(entry: object, kept: unknown): string[] {
  const all = JSON.stringify(kept).replaceAll('\\', '').toLowerCase()
  return [...leaves(entry, '')].flatMap(([path, text]) =>
    text
      .split('/')
      .filter((part) => part.length > 3 && part !== 'https:')
      .some((part) => !all.includes(part.toLowerCase()))
      ? [`${path}: ${text}`]
      : [],
  )
}

test.each(Object.entries(kinds))(
  'every value of a random %s is in the record or reported',
  (kind, { fixed, rich }) => {
    const names = Object.keys(rich)
    const arbitrary = fc.array(
      fc.record({ name: fc.constantFrom(...names), own: fc.boolean(), pick: fc.nat({ max: 20 }) }),
      { maxLength: 8 },
    )
    fc.assert(
      fc.property(arbitrary, (choices) => {
        let count = 1_000
        const next = () => count++
        const entry: Record<string, unknown> = {}
        for (const [name, draw] of Object.entries(fixed)) entry[name] = draw(next)
        for (const { name, own, pick } of choices) {
          const draws = own ? rich[name]! : anything
          entry[name] = draws[pick % draws.length]!(next)
        }
        const catalog = readCatalog(entry, kind as CatalogKind)!
        const { rkey, record, descriptionMarkdown, leftOver } = importEntry(
          catalog.kind,
          catalog.entries[0],
          options,
        )
        expect(lostOf(entry, [rkey, record, descriptionMarkdown, leftOver])).toEqual([])
      }),
      { numRuns: 300 },
    )
  },
)

test('every value of a random bag is in the record or reported', () => {
  const labels = [
    'External-Description',
    'External-Identifier',
    'Source-Organization',
    'Contact-Name',
    'Contact-Email',
    'Bagging-Date',
    'Title',
    'Bag-Group-Identifier',
    'Odd-Label',
  ]
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...labels), { maxLength: 12 }),
      fc.nat({ max: 3 }),
      (used, lines) => {
        let count = 1_000
        const info = used.map((label): [string, string] => [label, String(word(() => count++))])
        const fetch = Array.from({ length: lines }, () => ({
          url: `not an address ${count++}z`,
          sizeBytes: 7_000_000 + count++,
          path: `data/${count++}`,
        }))
        const bag = { directory: '/bag', info, fetch, manifests: new Map(), payloadBytes: 1 }
        expect(lostOf({ info: info.map(([, value]) => value), fetch }, importBag(bag, options))).toEqual([])
      },
    ),
  )
})
