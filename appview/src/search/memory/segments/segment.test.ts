import fc from 'fast-check'
import { expect, test } from 'vitest'
import { baseOf, levels } from '../../../search-terms/codes.ts'
import { findId, lookUp, type Postings, textAt } from './segment.ts'
import { SegmentBuilder, type SegmentRow } from './segment-builder.ts'

const words = fc.dictionary(
  fc.string({ minLength: 1, maxLength: 3 }),
  fc.integer({ min: 1, max: levels - 1 }),
)
const filters = fc.uniqueArray(fc.string({ maxLength: 3 }).map((value) => `filter:${value}`))
const described = fc.array(fc.record({ words, filters }), { maxLength: 60 })

test('finds every dataset by each of its terms with its impact, and by no other', () => {
  fc.assert(
    fc.property(described, (datasets) => {
      const builder = new SegmentBuilder()
      for (const [i, { words, filters }] of datasets.entries()) {
        const codes = [
          ...Object.entries(words).flatMap(([word, level]) => [baseOf(word), baseOf(word) + level]),
          ...filters.map(baseOf),
        ].sort((a, b) => a - b)
        builder.add({ ...nothing, id: 3 * i + 1, uri: `uri ${i} é`, codes: `{${codes.join(',')}}` })
      }
      const segment = builder.seal(() => 0)
      expect(segment.size).toBe(datasets.length)
      const allWords = new Set(datasets.flatMap((one) => Object.keys(one.words)))
      for (const word of [...allWords, 'nobody has it'])
        expect(read(segment.words, word)).toEqual(
          datasets.flatMap((one, doc) => (Object.hasOwn(one.words, word) ? [[doc, one.words[word]]] : [])),
        )
      const allFilters = new Set(datasets.flatMap((one) => one.filters))
      for (const filter of allFilters)
        expect(read(segment.terms, filter).map(([doc]) => doc)).toEqual(
          datasets.flatMap((one, doc) => (one.filters.includes(filter) ? [doc] : [])),
        )
      for (const [i] of datasets.entries()) {
        expect(findId(segment.columns, 3 * i + 1)).toBe(i)
        expect(textAt(segment.uris, i)).toBe(`uri ${i} é`)
      }
      expect(findId(segment.columns, 2)).toBe(-1)
    }),
  )
})

function read(postings: Postings, term: string): (readonly [doc: number, level: number | undefined])[] {
  const { from, to } = lookUp(postings, baseOf(term))
  return Array.from({ length: to - from }, (_, i) => [postings.docs[from + i]!, postings.levels[from + i]])
}

const nothing: SegmentRow = {
  id: 0,
  uri: '',
  group: 0,
  created: 0,
  size: null,
  torrents: 0,
  seeders: null,
  deadline: null,
  codes: '{}',
  keyword: [],
  publisher: [],
  license: [],
  risk: [],
  scarcity: [],
  format: [],
  author: [],
}
