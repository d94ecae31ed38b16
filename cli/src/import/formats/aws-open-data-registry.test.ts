import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { importRegistryEntry } from './aws-open-data-registry.ts'

const createdAt = '2026-11-20T12:00:00.000Z'

test('makes a dataset of an entry and reports fields that have no place', () => {
  const imported = importRegistryEntry(
    {
      slug: 'tides',
      Name: 'Tides ',
      Description: 'Water levels.',
      Documentation: 'See [the guide](https://example.org/guide) and ask for the codebook.',
      Contact: 'Ann Lee (ann@example.org), https://example.org/issues',
      ManagedBy: '[Tide Office](https://example.org/)',
      UpdateFrequency: 'Hourly',
      Tags: ['ocean', 'ocean', 'netcdf'],
      Collabs: { ASDI: { Tags: ['weather'], Since: 2019 } },
      License: '[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)',
      Citation: null,
      Deprecated: true,
      DeprecatedNotice: 'The host stops in 2027.',
      Resources: [
        { Type: 'S3 Bucket', ARN: 'arn:aws:s3:::tides/Old Files/', Region: 'us-east-1', RequesterPays: true },
        { Type: 'SNS Topic', ARN: 'arn:aws:sns:us-east-1:1:tides', AccountRequired: false, Colour: 'blue' },
        { Type: 'CloudFront Distribution', Explore: ['[Browse](https://tides.example.org)'] },
        { Type: 'Carrier pigeon' },
      ],
      DataAtWork: {
        Publications: [{ Title: 'Rising', URL: 'https://doi.org/10.1000/ABC', AuthorName: 'B. Who' }],
      },
      Mascot: 'a crab',
    },
    { createdAt },
  )
  expect(imported.rkey).toBe('tides')
  expect(imported.record).toEqual({
    $type: collections.dataset,
    title: 'Tides',
    description:
      'Water levels.\n\n## Documentation\n\nSee [the guide](https://example.org/guide) and ask for the codebook.',
    publisher: { name: 'Tide Office', url: 'https://example.org/' },
    contacts: [{ name: 'Ann Lee', email: 'ann@example.org' }, { url: 'https://example.org/issues' }],
    homepage: 'https://registry.opendata.aws/tides/',
    sources: [
      {
        url: 's3://tides/Old%20Files/',
        kind: 's3',
        title: 'S3 Bucket',
        access: 'paywalled',
        accessNote: 'The requester pays for the transfer.',
        region: 'us-east-1',
      },
      { url: 'arn:aws:sns:us-east-1:1:tides', kind: 'api', title: 'SNS Topic', access: 'public' },
      { url: 'https://tides.example.org', kind: 'http', title: 'CloudFront Distribution', access: 'public' },
      { url: 'https://tides.example.org', kind: 'web', title: 'Browse' },
    ],
    relatedIdentifiers: [
      { relation: 'IsDocumentedBy', scheme: 'uri', value: 'https://example.org/guide', title: 'the guide' },
      { relation: 'IsCitedBy', scheme: 'doi', value: '10.1000/abc', title: 'Rising' },
    ],
    license: {
      spdx: 'CC-BY-4.0',
      url: 'https://creativecommons.org/licenses/by/4.0/',
      text: '[CC BY 4.0](https://creativecommons.org/licenses/by/4.0/)',
    },
    keywords: [{ name: 'ocean' }, { name: 'netcdf' }, { name: 'ASDI' }],
    subjects: [{ label: 'weather' }],
    updateFrequency: 'Hourly',
    risk: { level: 'endangered', reason: 'The host stops in 2027.' },
    createdAt,
  })
  expect(imported.leftOver).toEqual([
    { field: 'Mascot', value: 'a crab' },
    { field: 'Resources/1/Colour', value: 'blue' },
    { field: 'Resources/3/Type', value: 'Carrier pigeon' },
    { field: 'DataAtWork/Publications/0/AuthorName', value: 'B. Who' },
    { field: 'Collabs/ASDI/Since', value: 2019 },
  ])
})

test('puts a long description into a blob and its beginning into the record', () => {
  const paragraph = `${'Ocean heat content. '.repeat(100)}\n\n`
  const text = paragraph.repeat(40).trim()
  const { record, descriptionMarkdown } = importRegistryEntry(
    { slug: 'heat', Name: 'Heat', Description: text },
    { createdAt },
  )
  expect(descriptionMarkdown).toBe(text)
  expect(record.description).toBe(`${paragraph.repeat(2).trim()}\n\n…`)
})

test.each([[null], ['text'], [[]], [{}], [{ slug: 'x' }], [{ slug: 'x', Name: 7 }]])(
  'refuses %j with a reason',
  (entry) => {
    expect(() => importRegistryEntry(entry, { createdAt })).toThrow('needs a "slug" and a "Name"')
  },
)

test('reports a field of an unexpected type', () => {
  const { record, leftOver } = importRegistryEntry(
    { slug: 'x', Name: 'X', Tags: 'one', Resources: { a: 1 }, License: ['MIT'] },
    { createdAt },
  )
  expect(record).toEqual({
    $type: collections.dataset,
    title: 'X',
    homepage: 'https://registry.opendata.aws/x/',
    createdAt,
  })
  expect(leftOver.map(({ field }) => field)).toEqual(['Tags', 'Resources', 'License'])
})
