/** Fuzzes the methods from the lexicons: for every parameter, values are sent that its lexicon does not allow. */
import { testBackends } from '@holdfast/appview/testing/backends'
import { lexiconDocuments } from '@holdfast/lexicons/documents'
import { adminMethods } from '@holdfast/lexicons/nsid'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { adminToken, type IndexUnderTest, startIndex, uriOf } from './index-under-test.ts'
import { sampleTorrent } from './sample-torrent.ts'

const did = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const torrent = sampleTorrent('sea-ice', ['extent.csv'])

interface Parameter {
  type: string
  format?: string
  items?: Parameter
  knownValues?: string[]
}

const queries = lexiconDocuments().flatMap(({ id, defs }) => {
  const main = defs.main as
    | {
        type?: string
        parameters?: { properties?: Record<string, Parameter>; required?: string[] }
        errors?: { name: string }[]
      }
    | undefined
  if (main?.type !== 'query') return []
  return [
    {
      id,
      name: id.split('.').at(-1)!,
      properties: main.parameters?.properties ?? {},
      required: main.parameters?.required ?? [],
      errors: main.errors?.map(({ name }) => name) ?? [],
    },
  ]
})

/** Errors declared in the lexicon, or by the XRPC specification for every method. */
const protocolErrors = ['InvalidRequest', 'AuthenticationRequired']

describe.each(testBackends())('hostile parameters, on $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open })
    await index.write(did, [
      { put: 'dataset', rkey: 'ice', record: { title: 'Sea ice', keywords: [{ name: 'climate' }] } },
      {
        put: 'torrent',
        rkey: 'ice',
        record: { ...torrent.record, datasets: [{ uri: uriOf(did, 'dataset', 'ice') }] },
      },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
  })
  afterAll(() => index[Symbol.asyncDispose]())

  test.each(queries)('$name answers or names the mistake', async ({ id, errors, properties, required }) => {
    const problems: string[] = []
    for (const query of attempts(properties, required)) {
      const startedAt = performance.now()
      const headers: Record<string, string> = operatorOnly.has(id)
        ? { authorization: `Bearer ${adminToken}` }
        : {}
      const response = await fetch(`${index.url}/xrpc/${id}?${query}`, { headers })
      const text = await response.text()
      const tookMs = performance.now() - startedAt
      const body = response.ok ? {} : (JSON.parse(text) as { error?: string; message?: string })
      const about = `${response.status} ${body.error ?? ''} ${body.message?.slice(0, 200) ?? ''} for ${query.slice(0, 200)}`
      if (response.status >= 500) problems.push(about)
      else if (!response.ok && ![...errors, ...protocolErrors].includes(body.error ?? ''))
        problems.push(`undeclared: ${about}`)
      if (tookMs > slowMs) problems.push(`took ${Math.round(tookMs)} ms: ${about}`)
    }
    expect(problems).toEqual([])
    expect(index.takeFaults()).toEqual([])
  })
})

const operatorOnly = new Set<string>(Object.values(adminMethods))
/** A loaded machine may be slow, but a runaway query takes longer than this. */
const slowMs = 3_000

function* attempts(properties: Record<string, Parameter>, required: readonly string[]): Generator<string> {
  const valid = required.map((name) => [name, validValue(properties[name]!)] as const)
  yield ''
  yield new URLSearchParams(valid.map(([name, value]): [string, string] => [name, value])).toString()
  for (const [name, parameter] of Object.entries(properties)) {
    const others = valid
      .filter(([other]) => other !== name)
      .map(([other, value]): [string, string] => [other, value])
    for (const value of valuesFor(name, parameter))
      yield new URLSearchParams([...others, [name, value]]).toString()
    yield `${new URLSearchParams(others)}&${name}=%ff%fe&${name}=%00`
    yield `${new URLSearchParams(others)}&${Array(200).fill(`${name}=x`).join('&')}`
  }
  yield '__proto__=x&constructor=y&q[]=z'
}

function valuesFor(name: string, parameter: Parameter): readonly string[] {
  const type = parameter.type === 'array' ? parameter.items! : parameter
  const typed =
    type.type === 'integer'
      ? integers
      : type.type === 'boolean'
        ? ['true', 'false', 'maybe', '1']
        : [...texts, ...(formats[type.format ?? ''] ?? []), ...(type.knownValues ?? [])]
  return name === 'cursor' ? [...typed, ...cursors] : typed
}

function validValue(parameter: Parameter): string {
  const type = parameter.type === 'array' ? parameter.items! : parameter
  if (type.type === 'integer') return '1'
  if (type.format === 'at-uri') return uriOf(did, 'dataset', 'ice')
  if (type.format === 'at-identifier' || type.format === 'did') return did
  return 'ice'
}

const integers = [
  '0',
  '1',
  '-1',
  '2',
  '100',
  '101',
  '1e9',
  '2147483648',
  '9007199254740991',
  '9007199254740993',
  '99999999999999999999',
  'NaN',
  '1.5',
  '',
  ' 1',
]

const texts = [
  '',
  ' ',
  'ice',
  'x'.repeat(10_000),
  'ice '.repeat(2_500),
  '\0',
  'a\0b',
  '\uD800',
  '\u202E\u0000ice',
  "'; DROP TABLE catalog.record; --",
  '" OR 1=1 --',
  '%',
  '_%\\',
  '\\',
  '$1 $2',
  '{}[]()*+?.^$|',
  '("',
  '"unclosed',
  '-',
  '--ice',
  '-"ice" -',
  '& | ! <-> :*',
  'ice & ! | ( )',
  'a:b:c:d',
  'publisher:',
  'publisher:"',
  'risk:endangered risk:extinct -risk:unknown license:CC0',
  '((((((((((',
  '-a '.repeat(3_000),
  '"a" '.repeat(2_500),
  'https://doi.org/10.5061/dryad.8515',
  '10.5061/DRYAD.8515',
  `at://${did}/x/y`,
  'at://',
  `magnet:?xt=urn:btih:${'f'.repeat(40)}`,
  'magnet:?',
  'F'.repeat(40),
  'f'.repeat(64),
  '中文 المحيط 🧊',
  '🧊'.repeat(3_000),
  'ﬁ Å ß İ',
  '../../etc/passwd',
  'constructor',
  '__proto__',
  'constructor:ice has:constructor',
]

const formats: Readonly<Record<string, readonly string[]>> = {
  'at-uri': [
    uriOf(did, 'dataset', 'ice'),
    `at://${did}`,
    'at://handle.example.org/x',
    `at://${did}/a.b.c/${'k'.repeat(600)}`,
    'at://did:x/y/z#f',
  ],
  'at-identifier': [
    did,
    'did:web:example.org',
    'nobody.example.org',
    'did:plc:x',
    `${'a'.repeat(60)}.example.org`,
  ],
  datetime: [
    '2026-01-01T00:00:00Z',
    '0001-01-01T00:00:00Z',
    '9999-12-31T23:59:59.999Z',
    '2026-02-30T00:00:00Z',
    '2026-01-01T25:00:00Z',
    '2026-01-01',
    'now',
  ],
  nsid: ['a.b.c', 'x'],
  cid: ['bafy', 'bafyreiewmvb3ca6kk36adytujzty5v4wor3suzwfpybug7j7jr6j4hd37a'],
}

const listings = ['datasets', 'torrents', 'files', 'infoHashes', 'admissions', 'awaiting record']
const cursors = [
  'W10',
  '====',
  'e30',
  ...listings.flatMap((listing) =>
    [
      [listing],
      [listing, 1],
      [listing, -1],
      [listing, 9_007_199_254_740_991],
      [listing, 1e300],
      [listing, '2026-01-01 00:00:00+00', 1],
      [listing, '2026-99-01 00:00:00+00', 1],
      [listing, '999999-01-01 00:00:00+00', 1],
      [listing, "'; --", 'x'],
      [listing, null, {}],
      [listing, '2026-01-01 00:00:00+99', 'x'],
    ].map((key) => Buffer.from(JSON.stringify(key)).toString('base64url')),
  ),
]
