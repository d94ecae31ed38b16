import { expect, test } from 'vitest'
import { lexiconDocuments, loadLexicons } from './documents.ts'
import { canonicalAuthority, collections, collectionsFor, methods, permissionSets } from './nsid.ts'

interface Node {
  readonly type?: string
  readonly [key: string]: unknown
}
interface Place {
  readonly at: string
  readonly node: Node
  /** Whether the node is in the parameters of a method, which may only be scalars. */
  readonly inParams: boolean
}

const documents = lexiconDocuments()
const places = documents.flatMap((document) => walk(document.defs, document.id, false))

test('loads every document with @atproto/lexicon, references resolved', () => {
  const lexicons = loadLexicons()
  for (const { id, defs } of documents) {
    for (const name of Object.keys(defs)) expect(lexicons.getDefOrThrow(`${id}#${name}`)).toBeDefined()
  }
})

test('nsid.ts names exactly the records, methods and permission sets that exist', () => {
  const mains = documents.filter(({ defs }) => defs.main).map(({ id }) => id)
  expect(mains.sort()).toEqual(
    [...Object.values(collections), ...Object.values(methods), ...Object.values(permissionSets)].sort(),
  )
})

interface PermissionSet {
  readonly type: string
  readonly permissions: readonly [{ collection: string[] }, { lxm: string[] }]
}

const sets = Object.values(permissionSets).map(
  (name) => documents.find(({ id }) => id === name)?.defs.main as unknown as PermissionSet,
)

test('each collection is in one permission set, and torrents also where they are gathered', () => {
  const permitted = sets.flatMap(({ permissions: [repo] }) => repo.collection)
  expect([...permitted].sort()).toEqual([...Object.values(collections), collections.torrent].sort())
})

test('nsid.ts says what each permission set allows to write', () => {
  expect(sets.map(({ permissions: [repo] }) => repo.collection)).toEqual(Object.values(collectionsFor))
})

test('permission sets allow only methods that exist', () => {
  for (const { type, permissions } of sets) {
    expect(type).toBe('permission-set')
    expect(permissions[1].lxm.length).toBeGreaterThan(0)
    expect(Object.values(methods)).toEqual(expect.arrayContaining(permissions[1].lxm))
  }
})

test('names are in lowerCamelCase, in one group, and the operator’s in another', () => {
  for (const { id } of documents) {
    expect(id.slice(canonicalAuthority.length)).toMatch(/^\.(admin\.)?[a-z][a-zA-Z]*$/)
  }
})

test.each([
  [
    'every definition and field is described',
    ({ at, node }) => needsDescription(at, node),
    ({ node }) => hasText(node.description),
  ],
  [
    'strings have a format or a limit',
    ({ node }) => node.type === 'string',
    ({ node }) => 'format' in node || 'maxLength' in node,
  ],
  [
    'a limit in graphemes leaves ten to twenty bytes for each',
    ({ node }) => 'maxGraphemes' in node,
    ({ node }) => ratio(node) >= 10 && ratio(node) <= 20,
  ],
  [
    'values are known, never closed',
    ({ node }) => node.type === 'string',
    ({ node }) => !('enum' in node) && !('const' in node),
  ],
  ['unions are open', ({ node }) => node.type === 'union', ({ node }) => node.closed !== true],
  [
    'arrays have a limit',
    ({ node }) => node.type === 'array',
    ({ node }) => typeof node.maxLength === 'number',
  ],
  [
    'arrays hold objects',
    ({ node, inParams }) => node.type === 'array' && !inParams,
    ({ node }) => ['ref', 'union'].includes((node.items as Node).type ?? ''),
  ],
  [
    'integers have a least value',
    ({ node }) => node.type === 'integer',
    ({ node }) => typeof node.minimum === 'number',
  ],
  [
    'blobs have a type and a limit',
    ({ node }) => node.type === 'blob',
    ({ node }) => Array.isArray(node.accept) && typeof node.maxSize === 'number',
  ],
  [
    'accounts in records are DIDs',
    ({ node }) => node.type === 'string',
    ({ node, inParams }) => inParams || node.format !== 'at-identifier',
  ],
] as [string, (place: Place) => boolean, (place: Place) => boolean][])('%s', (_, applies, holds) => {
  const subject = places.filter(applies)
  expect(subject.length).toBeGreaterThan(0)
  expect(subject.filter((place) => !holds(place)).map(({ at }) => at)).toEqual([])
})

test('known values are in kebab-case, except those of foreign vocabularies', () => {
  const foreign = /relatedIdentifier\/properties\/relation$|facets|#?info\/properties\/name$/
  const odd = places
    .filter(({ at, node }) => Array.isArray(node.knownValues) && !foreign.test(at))
    .flatMap(({ at, node }) => (node.knownValues as string[]).map((value) => `${at}: ${value}`))
    .filter((line) => !/: [a-z0-9]+(-[a-z0-9]+)*$/.test(line))
  expect(odd).toEqual([])
})

test('requires only the fields that the design names', () => {
  const required = Object.fromEntries(
    documents
      .filter(({ defs }) => defs.main?.type === 'record')
      .map(({ id, defs }) => [id, defs.main?.type === 'record' ? defs.main.record.required : []]),
  )
  expect(required).toEqual({
    [collections.dataset]: ['title', 'createdAt'],
    [collections.torrent]: ['name', 'createdAt'],
    [collections.webseed]: ['subject', 'url', 'createdAt'],
    [collections.assessment]: ['subject', 'assessedAt', 'createdAt'],
    [collections.profile]: ['createdAt'],
    [collections.part]: ['dataset', 'createdAt'],
    [collections.claim]: ['part', 'expiresAt', 'createdAt'],
  })
})

test('errors are named in UpperCamelCase and explained', () => {
  for (const { id, defs } of documents) {
    const main = defs.main
    if (main?.type !== 'query' && main?.type !== 'procedure' && main?.type !== 'subscription') continue
    const errors = main.errors ?? []
    expect(errors.length, id).toBeGreaterThan(0)
    for (const { name, description } of errors) {
      expect(name).toMatch(/^[A-Z][a-zA-Z]+$/)
      expect(hasText(description), `${id} ${name}`).toBe(true)
    }
  }
})

test('every paged query declares InvalidCursor', () => {
  for (const { id, defs } of documents) {
    const main = defs.main
    if (main?.type !== 'query' || !main.parameters?.properties.cursor) continue
    const names = main.errors?.map(({ name }) => name)
    expect(names, id).toContain('InvalidCursor')
  }
})

test('a document under another authority is otherwise the same', () => {
  const moved = lexiconDocuments('gov.example.archive')
  expect(moved.map(({ id }) => id)).toEqual(
    documents.map(({ id }) => id.replace(canonicalAuthority, 'gov.example.archive')),
  )
  expect(JSON.stringify(moved)).not.toContain(canonicalAuthority)
})

function walk(value: unknown, at: string, inParams: boolean): Place[] {
  if (typeof value !== 'object' || value === null) return []
  const node = value as Node
  const here = typeof node.type === 'string' ? [{ at, node, inParams }] : []
  return [
    ...here,
    ...Object.entries(node).flatMap(([key, child]) =>
      walk(child, `${at}/${key}`, inParams || node.type === 'params'),
    ),
  ]
}

// A field may be described by the definition it refers to; wrappers are described by the field they are in.
function needsDescription(at: string, node: Node): boolean {
  return (
    !['params', 'ref', 'permission', 'permission-set'].includes(node.type ?? '') &&
    !/\/(record|schema)$/.test(at)
  )
}

function hasText(text: unknown): boolean {
  return typeof text === 'string' && text.length > 10 && /[.?]$/.test(text)
}

function ratio(node: Node): number {
  return Number(node.maxLength) / Number(node.maxGraphemes)
}
