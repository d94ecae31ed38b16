import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../test-backends.ts'
import { noaa, openSearchable, type Searchable } from '../test-datasets.ts'
import { suggest } from './suggest.ts'

describe.each(testBackends())('completions on $name', ({ open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test('completions lead somewhere', async () => {
    expect(await suggest(searchable.catalog.db, 'cryo')).toMatchObject([
      { kind: 'keyword', text: 'Cryosphere', count: 2 },
    ])
    expect(await suggest(searchable.catalog.db, 'national s')).toMatchObject([
      { kind: 'publisher', text: 'National Snow and Ice Data Center' },
    ])
    expect(await suggest(searchable.catalog.db, 'floren')).toMatchObject([
      { kind: 'person', text: 'Florence Fetterer' },
    ])
    expect(await suggest(searchable.catalog.db, 'sea ic')).toMatchObject([
      { kind: 'dataset', text: 'Sea ice extent, monthly' },
    ])
    expect(await suggest(searchable.catalog.db, 'noa')).toMatchObject([
      { kind: 'publisher', text: 'NOAA' },
      { kind: 'author', did: noaa },
    ])
    for (const q of ['', ' ', '"', '%', '\0', "'; DROP", '-', 'x'.repeat(1000)])
      expect(await suggest(searchable.catalog.db, q)).toEqual([])
  })
})
