export interface SampleDataset {
  rkey: string
  by?: 'library' | 'volunteer'
  /** Makes the record when it is written, so that it may refer to earlier ones. */
  value: () => object
}

/** The datasets of the sample, in the order in which they are written; `uris` is filled in the meantime. */
export function datasets(uris: Readonly<Record<string, string>>): SampleDataset[] {
  return [
    seaIce,
    seaIceOther(),
    version(uris),
    longName,
    rightToLeft,
    longDescription,
    bare,
    survey,
    ...others,
  ]
}

const seaIce: SampleDataset = {
  rkey: 'sea-ice-extent',
  value: () => ({
    title: 'Sea ice extent of the Arctic and Antarctic, monthly, 1985–2024',
    description: `Monthly extent of sea ice in millions of square kilometres, derived from passive microwave sensors.

Two hemispheres, *one file a year*. See the [user guide](https://example.gov/sea-ice/guide) for flags.

## Columns

| column | unit |
|:--|--:|
| month | |
| extent | 10⁶ km² |

1. Read \`README.md\` first.
2. Values of \`-9999\` are missing.

\`\`\`
month,extent
1985-01,14.9
\`\`\``,
    creators: [
      { name: 'Fetterer, F.', identifiers: [{ scheme: 'orcid', value: '0000-0002-1825-0097' }] },
      { name: 'Knowles, K.' },
      {
        name: 'National Ice Data Center',
        url: 'https://example.gov/nidc',
        identifiers: [{ scheme: 'ror', value: '02xey9a22' }],
      },
    ],
    contributors: [{ agent: { name: 'Windnagel, A.' }, role: 'data-curator' }],
    publisher: { name: 'National Ice Data Center', url: 'https://example.gov/nidc' },
    homepage: 'https://example.gov/sea-ice',
    sources: [
      {
        url: 'https://example.gov/sea-ice',
        title: 'Landing page',
        kind: 'web',
        access: 'public',
        status: 'degraded',
        lastSeenAt: '2026-11-01T00:00:00Z',
        archivedUrls: [{ url: 'https://web.archive.example/sea-ice', at: '2026-10-01T00:00:00Z' }],
      },
      {
        url: 's3://nidc-public/sea-ice',
        kind: 's3',
        access: 'registration',
        region: 'us-west-2',
        sizeBytes: 4_200_000_000,
        accessNote: 'An account is free.',
      },
    ],
    identifiers: [
      { scheme: 'doi', value: '10.7265/n5k072f8' },
      { scheme: 'qid', value: 'Q1234' },
    ],
    relatedIdentifiers: [
      { relation: 'IsDocumentedBy', scheme: 'doi', value: '10.1000/guide', title: 'User guide' },
    ],
    license: { spdx: 'CC0-1.0', url: 'https://creativecommons.org/publicdomain/zero/1.0/' },
    accessRights: 'Open to everyone.',
    keywords: ['sea ice', 'Arctic', 'Antarctic', 'climate', 'cryosphere'].map((name) => ({ name })),
    subjects: [{ uri: 'https://example.org/gcmd/sea-ice', label: 'CRYOSPHERE > SEA ICE' }],
    languages: [{ tag: 'en' }],
    temporal: { start: '1985-01', end: '2024-12' },
    issued: '2017-03',
    modified: '2025-01-15',
    spatial: { name: 'Polar regions', box: { west: '-180', south: '-90', east: '180', north: '90' } },
    formats: [{ mediaType: 'text/csv' }, { mediaType: 'application/netcdf' }],
    sizeBytes: 4_200_000_000,
    version: '3.0',
    updateFrequency: 'monthly',
    funding: [{ funder: { name: 'Office of Polar Programs' }, awardNumber: '0649231' }],
    risk: {
      level: 'endangered',
      reason: 'Its program is not funded after this year.',
      evidence: [{ url: 'https://example.gov/notice' }],
      expectedGone: soon(25),
    },
    scarcity: 'source-only',
    citation: 'Fetterer, F. and K. Knowles. 2017. Sea Ice Index, Version 3. National Ice Data Center.',
  }),
}

function seaIceOther(): SampleDataset {
  return {
    rkey: 'ice-again',
    by: 'volunteer',
    value: () => ({
      title: 'Sea Ice Index (copy of the landing page)',
      homepage: 'https://example.gov/sea-ice',
      identifiers: [{ scheme: 'doi', value: 'https://doi.org/10.7265/N5K072F8' }],
      keywords: [{ name: 'sea ice' }],
      supersedes: undefined,
    }),
  }
}

function version(uris: Readonly<Record<string, string>>): SampleDataset {
  return {
    rkey: 'sea-ice-extent-v4',
    value: () => ({
      title: 'Sea ice extent, version 4 (preliminary)',
      version: '4.0',
      issued: '2026~',
      versionOf: { uri: uris['sea-ice-extent'] },
      supersedes: {
        uri: uris['sea-ice-extent'],
        cid: 'bafyreia2s3d4f5g6h7j2k3l4m5n6p7q2r3s4t5u6v7w2x3y4z5a6b7c2d3',
      },
      keywords: [{ name: 'sea ice' }],
      risk: { level: 'watchlist' },
    }),
  }
}

const longName: SampleDataset = {
  rkey: 'long-name',
  by: 'volunteer',
  value: () => ({
    title: `GRIDDED_${'PRECIPITATION_'.repeat(20)}V2`,
    description: `https://example.org/${'x'.repeat(400)}\n\n${'unbroken'.repeat(60)}`,
    creators: Array.from({ length: 400 }, (_, i) => ({ name: `Observer ${i + 1}` })),
    keywords: Array.from({ length: 120 }, (_, i) => ({ name: `station ${i + 1}` })),
    license: { text: 'Terms of use. '.repeat(60) },
    sources: Array.from({ length: 30 }, (_, i) => ({
      url: `https://example.org/part/${i + 1}`,
      kind: 'http',
    })),
  }),
}

const rightToLeft: SampleDataset = {
  rkey: 'arabic',
  value: () => ({
    title: 'بيانات هطول الأمطار اليومية في المغرب العربي 1960–2020 (NetCDF)',
    description: 'قياسات يومية من محطات الأرصاد الجوية.\n\n- المحطة\n- التاريخ',
    publisher: { name: 'المعهد الوطني للرصد الجوي' },
    keywords: [{ name: 'أمطار' }, { name: 'مناخ' }],
    languages: [{ tag: 'ar' }],
    temporal: { start: '1960/2020' },
  }),
}

const longDescription: SampleDataset = {
  rkey: 'long-description',
  value: () => ({
    title: 'Statutes and administrative orders of the counties, scanned',
    description: Array.from(
      { length: 140 },
      (_, i) =>
        `Volume ${i + 1} holds the orders of ${1850 + i}, page by page, with an index of places and persons that was typed by hand and corrected twice. Some pages are missing, and some are torn; they are marked so.`,
    )
      .join('\n\n')
      .slice(0, 49_000),
    descriptionBlob: {
      $type: 'blob',
      ref: { $link: 'bafkreia2s3d4f5g6h7j2k3l4m5n6p7q2r3s4t5u6v7w2x3y4z5a6b7c2d3' },
      mimeType: 'text/markdown',
      size: 612_000,
    },
    keywords: [{ name: 'law' }],
    sensitivity: { kind: 'personal', note: 'Names of persons who may have living relatives.' },
  }),
}

const bare: SampleDataset = { rkey: 'bare', value: () => ({ title: 'Untold' }) }

const survey: SampleDataset = {
  rkey: 'soil-survey',
  value: () => ({
    title: 'Soil survey of the river plains',
    description: 'Profiles of 1,200 pits.',
    publisher: { name: 'Bureau of Soils' },
    license: { spdx: 'CC-BY-4.0' },
    keywords: [{ name: 'soil' }, { name: 'climate' }],
    risk: { level: 'endangered', reason: 'The bureau closes.', expectedGone: soon(9) },
    issued: '1998/2003',
  }),
}

const others: SampleDataset[] = [
  'Bird counts at sea',
  'Noise of the harbours',
  'Tide gauges of the north',
  'Maps of the old mines',
].map((title, i) => ({
  rkey: `other-${i}`,
  value: () => ({
    title,
    description: `${title}: what was measured, by whom, and what is missing.`,
    publisher: { name: i % 2 === 0 ? 'Hydrographic Office' : 'Bureau of Soils' },
    license: { spdx: i % 2 === 0 ? 'CC-BY-4.0' : 'CC0-1.0' },
    keywords: [{ name: i % 2 === 0 ? 'ocean' : 'climate' }],
    formats: [{ mediaType: 'text/csv' }],
    sizeBytes: 10 ** (7 + i),
  }),
}))

/** The date this many days from now, as EDTF. */
export function soon(days: number): string {
  return new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)
}
