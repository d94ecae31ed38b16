import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { noaa, openSearchable, type Searchable } from '../../testing/datasets.ts'
import { suggest } from './suggest.ts'

describe.each(testBackends())('completions on $name', ({ open }) => {
  let searchable: Searchable
  beforeAll(async () => {
    searchable = await openSearchable(open)
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  test('every completion leads to a visible record', async () => {
    expect((await suggest(searchable.catalog.db, 'cryo')).suggestions).toMatchObject([
      { kind: 'keyword', text: 'Cryosphere', count: 2 },
    ])
    expect((await suggest(searchable.catalog.db, 'national s')).suggestions).toMatchObject([
      { kind: 'publisher', text: 'National Snow and Ice Data Center' },
    ])
    expect((await suggest(searchable.catalog.db, 'floren')).suggestions).toMatchObject([
      { kind: 'person', text: 'Florence Fetterer' },
    ])
    expect((await suggest(searchable.catalog.db, 'sea ic')).suggestions).toMatchObject([
      { kind: 'dataset', text: 'Sea ice extent, monthly' },
    ])
    expect((await suggest(searchable.catalog.db, 'noa')).suggestions).toMatchObject([
      { kind: 'publisher', text: 'NOAA' },
      { kind: 'author', did: noaa },
    ])
    for (const q of ['', ' ', '"', '%', '\0', "'; DROP", '-', 'x'.repeat(1000)])
      expect((await suggest(searchable.catalog.db, q)).suggestions).toEqual([])
  })
})
