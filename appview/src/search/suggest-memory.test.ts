import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { noaa, openSearchableInMemory, put, type SearchableInMemory } from '../../testing/datasets.ts'
import { decideAdmission } from '../catalog/admissions.ts'
import { refreshSearchStatistics } from '../search-terms/statistics.ts'
import type { MemoryIndex } from './memory/memory-index.ts'
import type { SearchMemory } from './memory/search-memory.ts'
import type { RunningMemoryIndex } from './memory/start-memory-index.ts'
import { suggest } from './suggest.ts'

const words = [
  'sea',
  'ice',
  'ocean',
  'census',
  'county',
  'satellite',
  'glacier',
  'flood',
  'zircon',
  'climate',
]
const other = 'did:plc:other'

describe.each(testBackends())('completions from memory on $name', ({ open }) => {
  let searchable: SearchableInMemory
  let memory: RunningMemoryIndex
  beforeAll(async () => {
    searchable = await openSearchableInMemory(open, async ({ catalog, commit }) => {
      await commit(
        noaa,
        Array.from({ length: 120 }, (_, i) => put('dataset', noaa, `made-${i}`, made(i))),
      )
      await commit(other, [
        put('dataset', other, 'one', { title: 'Quicksilver assays', keywords: [{ name: 'Quicksand' }] }),
      ])
      await refreshSearchStatistics(catalog.db)
    })
    memory = searchable.memory
  })
  afterAll(() => searchable[Symbol.asyncDispose]())

  const fromStore = async (q: string, limit?: number) =>
    (await suggest(searchable.catalog.db, q, limit)).suggestions
  const answered = (q: string, limit?: number, searched: SearchMemory = memory) =>
    suggest(searchable.catalog.db, q, limit, searched)
  const fromMemory = async (...asked: Parameters<typeof answered>) => (await answered(...asked)).suggestions

  /** Waits until memory answers, because the store does while changes are taken in or segments merged. */
  async function inStep(q: string) {
    await vi.waitFor(async () => {
      await memory.caughtUp()
      expect((await answered(q)).answeredBy).toBe('memory')
    }, 10_000)
  }

  /** Repeats a comparison, because on a busy machine completions may come too late and be empty. */
  const unlessLate = (compare: () => Promise<void>) => vi.waitFor(compare, 10_000)

  const typed = [
    ...words.flatMap((word) => [word.slice(0, 1), word.slice(0, 2), word, `${word} `]),
    ...words.map((word, i) => `${word} ${words[(i + 3) % words.length]!.slice(0, 2)}`),
    'made county ',
    'noa',
    'national s',
    'floren',
    'cryo',
    'nothingbeginsso',
  ]

  test('are the same as from the store, whatever is typed', async () => {
    await inStep('sea')
    for (const q of typed)
      for (const limit of [1, 8])
        await unlessLate(async () => {
          expect([q, limit, await fromMemory(q, limit)]).toEqual([q, limit, await fromStore(q, limit)])
        })
  })

  test('are found without reading the datasets of the store', async () => {
    await inStep('sea')
    const { index, position } = memory.current()!
    const nothing = { of: index.of.bind(index), segments: [], leads: () => false } as unknown as MemoryIndex
    const blind: SearchMemory = { current: () => ({ index: nothing, position }) }
    expect(await fromMemory('cryo', 8, blind)).toEqual([])
    expect(await fromMemory('glacier ', 8, blind)).toEqual([])
  })

  test('come from the store while memory is behind', async () => {
    const { index, position } = memory.current()!
    const nothing = { of: index.of.bind(index), segments: [], leads: () => false } as unknown as MemoryIndex
    const behind: SearchMemory = { current: () => ({ index: nothing, position: { ...position, table: 1 } }) }
    await unlessLate(async () => {
      expect(await fromMemory('cryo', 8, behind)).toMatchObject([{ text: 'Cryosphere' }])
    })
  })

  test('do not lead to an account that is denied', async () => {
    const decide = (action: 'deny' | 'restore') =>
      decideAdmission(searchable.catalog.db, { kind: 'did', value: other }, { action })
    const isThere = () =>
      unlessLate(async () => {
        expect(await fromMemory('quick')).toMatchObject([
          { kind: 'keyword', text: 'Quicksand' },
          { kind: 'dataset', text: 'Quicksilver assays' },
        ])
      })
    await isThere()
    await decide('deny')
    expect(await fromMemory('quick')).toEqual([])
    await memory.caughtUp()
    expect(await fromMemory('quick')).toEqual([])
    await decide('restore')
    await memory.caughtUp()
    await isThere()
  })
})

/** Records with titles of few words, so that each word has an impact high enough for the store's candidates. */
function made(i: number): Record<string, unknown> {
  return {
    title: `${words[i % 10]} ${words[(3 * i + 1) % 10]} ${words[(7 * i + 2) % 10]}`,
    description: `Made of ${words[(5 * i + 4) % 10]}.`,
    homepage: `https://example.org/${i}`,
    publisher: { name: ['NOAA', 'NASA', 'Census Bureau'][i % 3] },
    keywords: [{ name: words[(i + 5) % 10] }, { name: `Group ${i % 40}` }],
    creators: [{ name: `Florian Maker ${i % 30}` }],
  }
}
