import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { collections } from '@holdfast/lexicons/nsid'
import { recordWarnings } from '@holdfast/lexicons/rules'
import { isRecordKey, validateRecord } from '@holdfast/lexicons/validate'
import { expect, test } from 'vitest'
import { type Imported, importRegistryEntry } from './aws-open-data-registry.ts'

const createdAt = '2026-11-20T12:00:00.000Z'
const registry = fileURLToPath(
  new URL('../../../../../shared/data/catalogs/aws-open-data-registry.jsonl', import.meta.url),
)
const present = existsSync(registry)
if (!present) console.warn(`left out: the real registry entries, since ${registry} is missing`)

test('an entry becomes a dataset, with what has no field named', () => {
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

test('a description too long for the record goes whole into the blob and opens in the record', () => {
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
  '%j is refused with a reason',
  (entry) => {
    expect(() => importRegistryEntry(entry, { createdAt })).toThrow('has a "slug" and a "Name"')
  },
)

test('a field of an unexpected kind is left over, not lost', () => {
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

test.runIf(present)('all 1,190 entries of the registry become valid records, and no word is lost', () => {
  const entries = readFileSync(registry, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const totals = {
    records: 0,
    blobs: 0,
    sources: 0,
    contacts: 0,
    spdx: 0,
    risks: 0,
    leftOver: 0,
    warnings: 0,
  }
  const keys = new Set<string>()
  const lost: string[] = []
  for (const entry of entries) {
    const imported = importRegistryEntry(entry, { createdAt })
    const { rkey, record, descriptionMarkdown, leftOver } = imported
    const checked = validateRecord(collections.dataset, record)
    expect(checked.ok ? '' : `${rkey}: ${checked.message}`).toBe('')
    expect(isRecordKey(collections.dataset, rkey)).toBe(true)
    // What a PDS takes as the JSON of one record; the blob's reference is added after its upload.
    expect(Buffer.byteLength(JSON.stringify(record))).toBeLessThan(150 * 1024 - 300)
    lost.push(...lostWords(entry, imported).map((word) => `${rkey}: ${word}`))
    keys.add(rkey)
    totals.records += 1
    totals.blobs += descriptionMarkdown === undefined ? 0 : 1
    totals.sources += record.sources?.length ?? 0
    totals.contacts += record.contacts?.length ?? 0
    totals.spdx += record.license?.spdx === undefined ? 0 : 1
    totals.risks += record.risk === undefined ? 0 : 1
    totals.leftOver += leftOver.length
    totals.warnings += recordWarnings(collections.dataset, record).length
  }
  expect(lost).toEqual([])
  expect(keys.size).toBe(1190)
  expect(totals).toEqual({
    records: 1190,
    blobs: 39,
    sources: 3399,
    contacts: 1374,
    spdx: 588,
    risks: 26,
    leftOver: 0,
    warnings: 0,
  })
})

/** The words of an entry that are found neither in its record and blob nor among the left-over fields. */
function lostWords(entry: unknown, { rkey, record, descriptionMarkdown, leftOver }: Imported): string[] {
  const kept = decode([rkey, ...texts(record), descriptionMarkdown ?? '', ...texts(leftOver)].join('\n'))
  return texts(entry)
    .filter((text) => !kept.includes(decode(text.trim())))
    .flatMap((text) => decode(text).split(/[\s[\]()<>"“”,;:=]+|arn:aws:s3:/))
    .filter((word) => /[\p{L}\p{N}]/u.test(word) && !kept.includes(word))
}

function texts(value: unknown): string[] {
  if (typeof value === 'string') return [value]
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
}

// Addresses are escaped and DOIs are lowercased on the way.
function decode(text: string): string {
  return text
    .replaceAll('%20', ' ')
    .replace(/https?:\/\/(dx\.)?doi\.org\/(\S+)/gi, (_, __, doi) => doi.toLowerCase())
}
