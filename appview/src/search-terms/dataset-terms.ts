import { normalizeIdentifier } from '@holdfast/lexicons/identifiers'
import { createTurns, mapInTurns } from '../threads/turns.ts'
import { baseOf, samplesOf } from './codes.ts'
import { identifierTerm } from './identifier-terms.ts'
import { codesOfFields, type FieldRule, filterTerm, pairsOf, phraseText } from './impacts.ts'
import { type AnalyzedText, analyze } from './words.ts'

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
  /** The text as it is compared: folded. */
  key: string
  /** The text as it is shown. */
  text: string
  /** The code of its term with impact 0, by which its records are found. */
  base: number
}

/** What search stores about a dataset, besides the columns of its row. */
export interface DatasetTerms {
  /** Sorted codes; see `codes.ts`. */
  codes: number[]
  phrases: string
  vocabulary: VocabularyEntry[]
}

/**
 * Field weights, chosen on the tuning half of `test/relevance/`. The title weighs most, then keywords and people, then the
 * description, then the sources. The beginning of a description weighs more than the rest.
 */
export const rules = {
  title: { weight: 4, usualWords: 8, lengthPenalty: 0.5, keepStopWords: true },
  topics: { weight: 2, usualWords: 14, lengthPenalty: 0.5 },
  people: { weight: 2.5, usualWords: 6, lengthPenalty: 0.5 },
  description: { weight: 1, usualWords: 120, lengthPenalty: 0.55 },
  opening: { weight: 1.5, usualWords: 40, lengthPenalty: 0.6 },
  rest: { weight: 0.2, usualWords: 30, lengthPenalty: 0.5 },
} satisfies Record<string, FieldRule>

/** How many characters count as the beginning of a description. */
const openingLength = 300

/** The values by which a record can be filtered, as its author states them: by name of the filter, folded. */
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

/** Makes the terms of a dataset. It gives way to the event loop, because 200,000 characters of some scripts take long to split into words. */
export async function datasetTerms(
  record: SearchableDataset,
  filters: DatasetFilters,
): Promise<DatasetTerms> {
  const turns = createTurns()
  const parts = partsOf(record)
  const title = analyze(record.title)
  const topics = await mapInTurns(parts.topics, analyze, turns)
  const people = await mapInTurns(parts.people, analyze, turns)
  const description = analyze(record.description ?? '')
  const opening = analyze((record.description ?? '').slice(0, openingLength))
  const rest = analyze(parts.rest)
  await turns.pass()
  const words = codesOfFields([
    { rule: rules.title, text: title },
    { rule: rules.topics, text: together(topics) },
    { rule: rules.people, text: together(people) },
    { rule: rules.description, text: description },
    { rule: rules.opening, text: opening },
    { rule: rules.rest, text: rest },
  ])
  await turns.pass()
  const exact = [
    ...[title, ...topics, ...people, opening].flatMap(pairsOf),
    ...title.stems.map((stem) => `title:${stem}`),
    ...people.flatMap((name) => name.stems.map((stem) => `people:${stem}`)),
    ...(filters.publisher ? analyze(filters.publisher).stems.map((stem) => `publisher~${stem}`) : []),
    ...filterTerms(filters),
    ...identifierTerms(record),
    ...parts.people.map((name) => filterTerm('person', name)),
  ].map(baseOf)
  await turns.pass()
  const all = [title, ...topics, ...people, description]
  return {
    codes: [...new Set([...words, ...exact, ...samplesOf(filters.uri)])].sort((a, b) => a - b),
    phrases: phraseText([...all, rest]),
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
    topics: firstOf([
      ...namesOf(record.keywords),
      ...(record.subjects ?? []).flatMap((subject) => subject.label ?? []),
    ]),
    people: firstOf(namesOf([record.publisher, ...(record.creators ?? []), ...contributors])),
    rest: rest.join(' \n ').slice(0, 10_000),
  }
}

/** The most characters of names that are indexed for one dataset; enough for ten thousand people. */
const mostCharacters = 200_000

function firstOf(names: readonly string[]): string[] {
  let left = mostCharacters
  return names.filter(({ length }) => {
    left -= length
    return left >= 0
  })
}

/** The terms of identifiers, both as written and in the canonical spelling of their scheme. */
function identifierTerms({ identifiers = [] }: SearchableDataset): string[] {
  const values = identifiers
    .slice(0, mostIdentifiers)
    .flatMap((identifier) => [identifier.value, normalizeIdentifier(identifier)?.value ?? ''])
  return values.flatMap((value) => identifierTerm(value) ?? [])
}

const mostIdentifiers = 100

function together(texts: readonly AnalyzedText[]): AnalyzedText {
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

/** The names of a media type: itself, and the short names that people use, such as `netcdf` for `application/x-netcdf`. */
export function formatNames(mediaType: string): string[] {
  const short = mediaType
    .split(';')[0]!
    .split('/')
    .at(-1)!
    .replace(/^(?:x-|vnd\.)+/, '')
  return [...new Set([mediaType, short, ...short.split('+')])]
}

/** The words of texts in the spelling that queries use, for completions and spelling correction. */
function wordEntries(texts: readonly AnalyzedText[]): VocabularyEntry[] {
  const entries = new Map<string, VocabularyEntry>()
  for (const { words, stems } of texts) {
    for (let i = 0; i < words.length; i++) {
      const word = words[i]!
      // In scripts without letters, two characters can be a word.
      const shortest = /[\p{sc=Han}\p{sc=Hangul}\p{sc=Hiragana}\p{sc=Katakana}]/u.test(word) ? 2 : 3
      if (word.length < shortest || word.length > 30 || entries.has(word) || !/\p{L}/u.test(word)) continue
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
