/** Tests OAI-PMH with another program's harvester: Debian's HTTP::OAI (libhttp-oai-perl). */
import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { openEmbedded } from '@holdfast/appview/testing/backends'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex, uriOf } from '../appview/index-under-test.ts'
import { needs } from '../system/requirements.ts'

const alice = 'did:plc:alicealicealicealice1234'
const hostile = '<script>alert(1)</script> & "quotes" \u0001\uFFFE ]]> é 漢 \u{1F40B}'
const hasHarvester = needs('a harvest by HTTP::OAI', 'HTTP::OAI')
const prefixes = ['oai_dc', 'oai_datacite']

describe.skipIf(!hasHarvester)('harvested by HTTP::OAI', () => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open: openEmbedded })
    // The answer contains the address that the harvester used.
    const puts = Array.from({ length: 330 }, (_, i) => ({
      put: 'dataset' as const,
      rkey: `d${i}`,
      record: {
        title: `Dataset ${i} ${hostile}`,
        publisher: { name: `Institute ${i}` },
        keywords: [{ name: i % 3 === 0 ? 'Every third' : 'others' }, { name: `own ${i} ${'ж'.repeat(20)}` }],
      },
    }))
    await index.write(alice, puts.slice(0, 200))
    await index.write(alice, puts.slice(200))
    await index.write(alice, [{ delete: 'dataset', rkey: 'd0' }])
  })
  afterAll(() => index[Symbol.asyncDispose]())

  const harvest = async (...args: string[]) => {
    const script = fileURLToPath(new URL('./harvest.pl', import.meta.url))
    const { stdout } = await promisify(execFile)('perl', [script, `${index.url}/oai`, ...args], {
      maxBuffer: 1e8,
    })
    return JSON.parse(stdout) as {
      name: string
      pages: number
      records: Harvested[]
      sets: [string, string][]
    }
  }

  test.each(prefixes)(
    'lists every record in %s once over several pages, including the deleted one',
    async (prefix) => {
      const { name, pages, records } = await harvest('ListRecords', prefix)
      expect(name).toBe('Holdfast')
      expect(pages).toBe(4)
      expect(records).toHaveLength(330)
      expect(new Set(records.map(({ identifier }) => identifier)).size).toBe(330)
      const deleted = records.filter(({ isDeleted }) => isDeleted)
      expect(deleted.map(({ identifier }) => identifier)).toEqual([
        uriOf(alice, 'dataset', 'd0').replace('at://', 'oai:localhost:'),
      ])
      expect(
        records.filter(({ isDeleted }) => !isDeleted).every(({ metadata }) => metadata.includes('Dataset')),
      ).toBe(true)
    },
  )

  test('lists sets over two pages, and the records of one set', async () => {
    const { pages, sets } = await harvest('ListSets')
    // There is a keyword and a publisher for each of the 329 remaining datasets, and the two that many share.
    expect(new Set(sets.map(([spec]) => spec)).size).toBe(660)
    expect({ pages, sets: sets.length }).toEqual({ pages: 2, sets: 660 })
    expect(sets).toContainEqual(['keyword.every!20third', 'keyword: Every third'])
    const { records } = await harvest('ListRecords', 'oai_dc', 'keyword.every!20third')
    const present = records.filter(({ isDeleted }) => !isDeleted)
    expect(present).toHaveLength(109)
    expect(records).toHaveLength(110)
    for (const { sets } of present) expect(sets).toContain('keyword.every!20third')
  })

  test('lists all headers on one page', async () => {
    const { pages, records } = await harvest('ListIdentifiers', 'oai_dc')
    expect({ pages, records: records.length }).toEqual({ pages: 1, records: 330 })
  })
})

interface Harvested {
  identifier: string
  isDeleted: boolean
  metadata: string
  sets: string[]
}
