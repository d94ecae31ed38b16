import { lexiconDocuments } from '@holdfast/lexicons/documents'
import { expect, test } from 'vitest'
import { en } from './en/messages.ts'
import { es } from './es/messages.ts'

test('every text of one language is there in the other, in the same shape', () => {
  expect(shapeOf(es)).toEqual(shapeOf(en))
})

test('no text is empty but those that say nothing', () => {
  const empty = Object.entries(shapeOf(es)).filter(([path]) => read(es, path) === '' && read(en, path) !== '')
  expect(empty).toEqual([])
})

test.each([
  ['rejectReason', en.rejectReasons],
  ['hiddenReason', en.hiddenReasons],
  ['warningCode', en.warnings],
  ['relatedIdentifier/relation', en.relations],
] as const)('the lexicon’s %s is said in words', (name, words) => {
  const [definition = '', property] = name.split('/')
  const defs = lexiconDocuments().find(({ id }) => id.endsWith('.defs'))!.defs as Record<string, Definition>
  const defined = property ? defs[definition]?.properties?.[property] : defs[definition]
  expect(Object.keys(words).sort()).toEqual([...defined!.knownValues!].sort())
})

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
