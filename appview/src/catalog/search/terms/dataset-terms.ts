import { type AnalysedText, analyse } from '../query/words.ts'
import { baseOf, samplesOf } from './codes.ts'
import { codesOfFields, type FieldRule, filterTerm, pairsOf, phraseText } from './impacts.ts'

/** The parts of a dataset record that are searched. */
export interface SearchableDataset {
  title: string
  description?: string
  creators?: Named[]
  contributors?: { agent?: Named }[]
  publisher?: Named
  keywords?: Named[]
  subjects?: { label?: string }[]
  identifiers?: { scheme: string; value: string }[]
  sources?: { url?: string; title?: string; description?: string }[]
  formats?: { mediaType?: string }[]
  spatial?: { name?: string }
  citation?: string
}

interface Named {
  name?: string
}

export type VocabularyKind = 'word' | 'keyword' | 'publisher' | 'person'

export interface VocabularyEntry {
  kind: VocabularyKind
  /** Folded. */
  key: string
  /** As it is shown. */
  text: string
  /** The term whose records it leads to. */
  base: number
}

/** What the index keeps of a dataset, besides the columns of its own row. */
export interface DatasetTerms {
  /** Sorted; what `codes.ts` says. */
  codes: number[]
  phrases: string
  vocabulary: VocabularyEntry[]
}

/**
 * Field weights, chosen on the tuning half of `test/relevance/`: title over keywords and people over description
 * over what the sources say. What a description opens with counts for more.
 */
export const rules = {
  title: { weight: 6, usualWords: 8, lengthPenalty: 0.2, keepStopWords: true },
  topics: { weight: 2.5, usualWords: 14, lengthPenalty: 0.4 },
  people: { weight: 2.5, usualWords: 6, lengthPenalty: 0.4 },
  description: { weight: 1, usualWords: 120, lengthPenalty: 0.6 },
  opening: { weight: 1.5, usualWords: 40, lengthPenalty: 0.5 },
  rest: { weight: 0.2, usualWords: 30, lengthPenalty: 0.6 },
} satisfies Record<string, FieldRule>

/** Characters of a description that say what it is about. */
const openingLength = 300

/** The filters a record passes as its author describes it, by name and folded value. */
export interface DatasetFilters {
  uri: string
  did: string
  publisher: string | null
  license: string | null
  keywords: readonly string[]
  formats: readonly string[]
  risk: string
  scarcity: string
}

export function datasetTerms(record: SearchableDataset, filters: DatasetFilters): DatasetTerms {
  const parts = partsOf(record)
  const title = analyse(record.title)
  const topics = parts.topics.map(analyse)
  const people = parts.people.map(analyse)
  const description = analyse(record.description ?? '')
  const opening = analyse((record.description ?? '').slice(0, openingLength))
  const words = codesOfFields([
    { rule: rules.title, text: title },
    { rule: rules.topics, text: together(topics) },
    { rule: rules.people, text: together(people) },
    { rule: rules.description, text: description },
    { rule: rules.opening, text: opening },
    { rule: rules.rest, text: analyse(parts.rest) },
  ])
  const exact = [
    ...[title, ...topics, ...people, opening].flatMap(pairsOf),
    ...title.stems.map((stem) => `title:${stem}`),
    ...people.flatMap((name) => name.stems.map((stem) => `people:${stem}`)),
    ...(filters.publisher ? analyse(filters.publisher).stems.map((stem) => `publisher~${stem}`) : []),
    ...filterTerms(filters),
    ...parts.people.map((name) => filterTerm('person', name)),
  ].map(baseOf)
  const all = [title, ...topics, ...people, description]
  return {
    codes: [...new Set([...words, ...exact, ...samplesOf(filters.uri)])].sort((a, b) => a - b),
    phrases: phraseText(all),
    vocabulary: [...wordEntries(all), ...nameEntries(record)],
  }
}

function partsOf(record: SearchableDataset): { topics: string[]; people: string[]; rest: string } {
  const contributors = (record.contributors ?? []).map((contributor) => contributor.agent)
  const identifiers = (record.identifiers ?? []).map((identifier) => identifier.value)
  const sources = (record.sources ?? [])
    .slice(0, 20)
    .flatMap(({ url, title, description }) => [title ?? '', description ?? '', url ?? ''])
  const rest = [...identifiers, record.spatial?.name ?? '', record.citation ?? '', ...sources]
  return {
    topics: [
      ...namesOf(record.keywords),
      ...(record.subjects ?? []).flatMap((subject) => subject.label ?? []),
    ],
    people: namesOf([record.publisher, ...(record.creators ?? []), ...contributors]),
    rest: rest.join(' \n ').slice(0, 10_000),
  }
}

function together(texts: readonly AnalysedText[]): AnalysedText {
  return {
    words: texts.flatMap((text) => text.words),
    stems: texts.flatMap((text) => text.stems),
    spellings: texts.flatMap((text) => text.spellings),
  }
}

function filterTerms(filters: DatasetFilters): string[] {
  return [
    'all:',
    `author:${filters.did}`,
    ...(filters.publisher ? [filterTerm('publisher', filters.publisher)] : []),
    ...(filters.license ? [filterTerm('license', filters.license)] : []),
    ...filters.keywords.map((keyword) => filterTerm('keyword', keyword)),
    ...filters.formats.flatMap(formatNames).map((format) => filterTerm('format', format)),
    filterTerm('risk', filters.risk),
    filterTerm('scarcity', filters.scarcity),
  ]
}

/** A media type and the short names people give it: `application/x-netcdf` is also `netcdf`. */
export function formatNames(mediaType: string): string[] {
  const short = mediaType
    .split(';')[0]!
    .split('/')
    .at(-1)!
    .replace(/^(?:x-|vnd\.)+/, '')
  return [...new Set([mediaType, short, ...short.split('+')])]
}

/** Words as a query would spell them, for completions and the correction of spelling. */
function wordEntries(texts: readonly AnalysedText[]): VocabularyEntry[] {
  const entries = new Map<string, VocabularyEntry>()
  for (const { words, stems } of texts) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!
      if (word.length < 3 || word.length > 30 || entries.has(word) || !/\p{L}/u.test(word)) continue
      entries.set(word, { kind: 'word', key: word, text: word, base: baseOf(stems[i]!) })
    }
  }
  return [...entries.values()]
}

function nameEntries(record: SearchableDataset): VocabularyEntry[] {
  const named = (kind: VocabularyKind, names: readonly string[]) =>
    names.map((text): VocabularyEntry => {
      const term = filterTerm(kind, text)
      return {
        kind,
        key: term.slice(kind.length + 1).slice(0, 200),
        text: text.slice(0, 1000),
        base: baseOf(term),
      }
    })
  return [
    ...named('keyword', namesOf(record.keywords)),
    ...named('publisher', namesOf([record.publisher])),
    ...named(
      'person',
      namesOf([...(record.creators ?? []), ...(record.contributors ?? []).map((c) => c.agent)]),
    ),
  ]
}

function namesOf(named: readonly (Named | undefined)[] | undefined): string[] {
  return (named ?? []).flatMap((item) => item?.name ?? [])
}
