import { lexiconDocuments } from '@holdfast/lexicons/documents'
import { expect, test } from 'vitest'
import { en } from './en/messages.ts'
import { es } from './es/messages.ts'

test('both languages have the same texts', () => {
  expect(shapeOf(es)).toEqual(shapeOf(en))
})

test('no text is empty but those that may be', () => {
  const empty = Object.entries(shapeOf(es)).filter(([path]) => read(es, path) === '' && read(en, path) !== '')
  expect(empty).toEqual([])
})

test.each([
  ['rejectReason', en.rejectReasons],
  ['hiddenReason', en.hiddenReasons],
  ['warningCode', en.warnings],
  ['relatedIdentifier/relation', en.relations],
] as const)('every value of the lexicon’s %s has a text', (name, words) => {
  const [definition = '', property] = name.split('/')
  const defs = lexiconDocuments().find(({ id }) => id.endsWith('.defs'))!.defs as Record<string, Definition>
  const defined = property ? defs[definition]?.properties?.[property] : defs[definition]
  expect(Object.keys(words).sort()).toEqual([...defined!.knownValues!].sort())
})

test.each([
  ['en', en],
  ['es', es],
] as const)('one of something is written in the singular (%s)', (_language, words) => {
  const said = textsOfOne(words)
  expect(said.length).toBeGreaterThan(20)
  expect(said.filter((text) => /(?<![\p{N}.,])1 (?!más)\p{L}{2,}s\b/u.test(text))).toEqual([])
})

/** Each text with a count, for one of something; texts with sizes are left out. */
function textsOfOne(value: unknown): string[] {
  if (typeof value === 'object' && value !== null)
    return Object.entries(value).flatMap(([key, part]) =>
      /^(?:size|capacity)/.test(key) ? [] : textsOfOne(part),
    )
  if (typeof value !== 'function') return []
  try {
    const text: unknown = value(1, 1, 1)
    return typeof text === 'string' && text.includes('1') ? [text] : []
  } catch {
    return []
  }
}

interface Definition {
  knownValues?: string[]
  properties?: Record<string, Definition>
}

function shapeOf(value: unknown, path = ''): Record<string, string> {
  if (typeof value !== 'object' || value === null) return { [path]: typeof value }
  return Object.assign({}, ...Object.entries(value).map(([key, part]) => shapeOf(part, `${path}/${key}`)))
}

function read(value: unknown, path: string): unknown {
  return path
    .split('/')
    .slice(1)
    .reduce((part, key) => (part as Record<string, unknown>)[key], value)
}
