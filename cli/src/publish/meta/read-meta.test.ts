import { collections } from '@holdfast/lexicons/nsid'
import { validateRecordJson } from '@holdfast/lexicons/validate'
import { expect, test } from 'vitest'
import { LineCounter, parseDocument } from 'yaml'
import { readMeta } from './read-meta.ts'
import { metaTemplate } from './template.ts'

function read(text: string) {
  const lines = new LineCounter()
  return readMeta(parseDocument(text, { lineCounter: lines }), { lines, isComplete: true })
}
const fieldOf = (line: string) => {
  const { record, faults } = read(`title: T\n${line}\n`)
  expect(faults).toEqual([])
  const checked = validateRecordJson(collections.dataset, {
    ...record,
    $type: collections.dataset,
    createdAt: new Date(0).toISOString(),
  })
  expect(checked).toMatchObject({ ok: true })
  const { title: _, ...rest } = record
  return Object.values(rest)[0]
}

test.each([
  ['keywords: [a, NO, 1e3]', [{ name: 'a' }, { name: 'NO' }, { name: '1e3' }]],
  ['keywords: rivers, water levels', [{ name: 'rivers' }, { name: 'water levels' }]],
  ['license: CC0-1.0', { spdx: 'CC0-1.0' }],
  ['license: https://e.org/terms', { url: 'https://e.org/terms' }],
  ['license: Free for all', { text: 'Free for all' }],
  ['publisher: NOAA', { name: 'NOAA' }],
  ['creators: [Ana, "Ben <ben@e.org>"]', [{ name: 'Ana' }, { name: 'Ben', email: 'ben@e.org' }]],
  ['creators: Doe, Jane', [{ name: 'Doe, Jane' }]],
  ['creators: {name: Ana}', [{ name: 'Ana' }]],
  ['contributors: [{name: Ana, role: editor}]', [{ agent: { name: 'Ana' }, role: 'editor' }]],
  ['contacts: a@e.org', [{ email: 'a@e.org' }]],
  ['identifiers: [doi:10.1234/x]', [{ scheme: 'doi', value: '10.1234/x' }]],
  [
    'identifiers: {doi: 10.1234/x, local: 0042}',
    [
      { scheme: 'doi', value: '10.1234/x' },
      { scheme: 'local', value: '0042' },
    ],
  ],
  ['relatedIdentifiers: [10.1234/y]', [{ relation: 'References', scheme: 'doi', value: '10.1234/y' }]],
  ['sources: https://e.org/a b.csv', [{ url: 'https://e.org/a%20b.csv' }]],
  ['subjects: [Hydrology]', [{ label: 'Hydrology' }]],
  ['languages: en, pt-br', [{ tag: 'en' }, { tag: 'pt-BR' }]],
  ['temporal: 2010/2012', { start: '2010', end: '2012' }],
  ['temporal: [2010, 2012]', { start: '2010', end: '2012' }],
  ['temporal: {start: 2010}', { start: '2010' }],
  ['spatial: The Rhine', { name: 'The Rhine' }],
  ['spatial: [-10, 50, 2, 60.50]', { box: { west: '-10', south: '50', east: '2', north: '60.50' } }],
  [
    'spatial: {box: {west: -10, south: 50, east: 2, north: 60}}',
    { box: { west: '-10', south: '50', east: '2', north: '60' } },
  ],
  ['formats: CSV', [{ mediaType: 'CSV' }]],
  ['funding: [A Fund]', [{ funder: { name: 'A Fund' } }]],
  ['risk: endangered', { level: 'endangered' }],
  ['version: 1.10', '1.10'],
  ['issued: 2020', '2020'],
  ['modified: 2020-01-02T03:04:05.678Z', '2020-01-02T03:04:05Z'],
  ['sizeBytes: 12 MB', 12_000_000],
  ['x-ours: {a: 1}', { a: 1 }],
])('accepts %s', (line, value) => {
  expect(fieldOf(line)).toEqual(value)
})

test('expands a short form and reports faults at its line', () => {
  expect(read('title: T\nlicense: CC0-1.0').notes).toEqual([
    { line: 2, field: 'license', long: '{spdx: CC0-1.0}' },
  ])
})

test('reports all faults at once, each with its line, what was expected and an example', () => {
  const { faults } = read(`licence: CC0-1.0
keyword: [water]
authors: [Ana]
modified: 2019-02-30
creators:
  - {nmae: Ana}
homepage: nowhere
risk: {level: endangerd}
colour: red
sizeBytes: huge
`)
  expect(faults.map(({ line, field, problem }) => [line, field, problem.slice(0, 60)])).toEqual([
    [1, 'licence', expect.stringContaining('did you mean license?')],
    [2, 'keyword', expect.stringContaining('did you mean keywords?')],
    [3, 'authors', expect.stringContaining('did you mean creators?')],
    [4, 'modified', expect.stringContaining('EDTF')],
    [6, 'creators/0/nmae', expect.stringContaining('did you mean name?')],
    [7, 'homepage', expect.stringContaining('not a valid address')],
    [8, 'risk/level', expect.stringContaining('not one of its values')],
    [9, 'colour', expect.stringContaining('is not a field of a dataset')],
    [10, 'sizeBytes', expect.stringContaining('not a whole number')],
    [1, 'title', 'is missing'],
  ])
  expect(faults[0]!.example).toBe('license: {spdx: CC0-1.0}')
  expect(faults.find(({ field }) => field === 'risk/level')!.example).toBe('level: endangered')
})

test('the META template is valid when every example is used', () => {
  const whole = metaTemplate({ title: 'T' })
    .replace(/^#rkey.*$/m, '')
    .replace(/^#(?=\w+: )/gm, '')
  const { record, faults } = read(whole)
  expect(faults).toEqual([])
  expect(Object.keys(record).length).toBeGreaterThan(25)
})

test('the META template only lacks a title when no example is used', () => {
  expect(read(metaTemplate({ title: undefined })).faults).toMatchObject([
    { field: 'title', problem: 'is missing' },
  ])
  expect(read(metaTemplate({ title: 'T' })).record).toEqual({ title: 'T' })
})
