import { describe, expect, test } from 'vitest'
import { foreignCollections, mapForeign, mappedRecord } from './foreign.ts'

const { atdataEntry } = foreignCollections
const shard = (number: number) => ({
  url: `https://data.example.org/shard-${number}.tar`,
  checksum: { algorithm: 'sha256', digest: 'AB'.repeat(32) },
})
const entry = {
  $type: atdataEntry,
  name: 'Glacier photographs',
  schemaRef: 'at://did:plc:aaaaaaaaaaaaaaaaaaaaaaaa/science.alt.dataset.schema/photo@1.0.0',
  storage: { $type: 'science.alt.dataset.storageHttp', shards: [shard(0), shard(1)] },
  description: 'Of every glacier, every day.',
  tags: ['glaciers', 'photography'],
  size: { samples: 50_000, bytes: 1_073_741_824, shards: 2 },
  license: 'CC-BY-4.0',
  createdAt: '2026-02-01T12:00:00Z',
}
const map = (change: Record<string, unknown> = {}) => mapForeign(atdataEntry, { ...entry, ...change })
const mapped = (change: Record<string, unknown> = {}) => {
  const result = map(change)
  if (!result.ok) throw new Error(result.message)
  return result.record
}

describe('an atdata entry', () => {
  test('becomes a dataset record', () => {
    expect(mapped()).toMatchObject({
      title: 'Glacier photographs',
      description: 'Of every glacier, every day.',
      keywords: [{ name: 'glaciers' }, { name: 'photography' }],
      license: { spdx: 'CC-BY-4.0' },
      sizeBytes: 1_073_741_824,
      sources: [
        {
          url: 'https://data.example.org/shard-0.tar',
          kind: 'http',
          checksums: [{ algorithm: 'sha-256', value: 'ab'.repeat(32) }],
        },
        { url: 'https://data.example.org/shard-1.tar' },
      ],
      createdAt: entry.createdAt,
    })
    expect(mappedRecord(entry)).toEqual(mapped())
    expect(mappedRecord({ ...entry, $type: 'com.example.entry' })).toBeUndefined()
  })

  test.each([
    ['http://spdx.org/licenses/MIT', { spdx: 'MIT' }],
    ['https://example.org/terms', { url: 'https://example.org/terms' }],
    ['Ask the museum first', { text: 'Ask the museum first' }],
    ['MIT OR Apache-2.0', { spdx: 'MIT OR Apache-2.0' }],
  ])('has the license %s', (license, expected) => expect(mapped({ license }).license).toEqual(expected))

  test.each([
    [{ bucket: 'ice', shards: [{ key: 'a/0.tar' }] }, 's3://ice/a/0.tar'],
    [
      { bucket: 'ice', endpoint: 'https://s3.example.org/', shards: [{ key: '0.tar' }] },
      'https://s3.example.org/ice/0.tar',
    ],
    [{ urls: ['https://example.org/{000..009}.tar'] }, undefined],
    [{ urls: ['https://example.org/0.tar'] }, 'https://example.org/0.tar'],
  ])('with the storage %j has its address as a source', (storage, url) =>
    expect(mapped({ storage }).sources?.[0]?.url).toBe(url),
  )

  test('with thousands of shards becomes a record with some of them as sources', () => {
    const shards = Array.from({ length: 5_000 }, (_, number) => shard(number))
    expect(mapped({ storage: { shards } }).sources).toHaveLength(50)
  })

  test.each([
    [{ tags: ['ice', 7, 'x'.repeat(2_000), 'snow'] }, { keywords: [{ name: 'ice' }, { name: 'snow' }] }],
    [{ tags: 'ice' }, { keywords: undefined }],
    [{ size: { bytes: -1 } }, { sizeBytes: undefined }],
    [{ size: 'large' }, { sizeBytes: undefined }],
    [{ description: 7 }, { description: undefined }],
    [{ license: ['MIT'] }, { license: undefined }],
    [{ storage: { shards: [{ url: 'no address' }, shard(3)] } }, { sources: [{ url: shard(3).url }] }],
    [{ storage: null }, { sources: undefined }],
  ])('is mapped without the parts that cannot be read: %#', (change, expected) => {
    const { title, ...rest } = mapped(change)
    expect(title).toBe(entry.name)
    for (const [field, value] of Object.entries(expected))
      if (value === undefined) expect(rest).not.toHaveProperty(field)
      else expect(rest).toMatchObject({ [field]: value })
  })

  test.each([
    [{ name: undefined }, 'name'],
    [{ name: 7 }, 'name'],
    [{ name: 'x'.repeat(20_000) }, 'name'],
    [{ createdAt: 'yesterday' }, 'createdAt'],
    [{ createdAt: undefined }, 'createdAt'],
    [{ $type: 'com.example.entry' }, '$type'],
  ])('is refused with the name of its faulty field: %#', (change, field) => {
    const result = map(change)
    expect(result).toMatchObject({ ok: false, field })
    expect(result.ok ? '' : result.message).toContain(field)
  })

  test.each([null, 7, 'entry', []])('is not %j', (value) =>
    expect(mapForeign(atdataEntry, value)).toMatchObject({ ok: false }),
  )
})
