import { expect, test } from 'vitest'
import { formatFor } from './format.ts'
import { chooseLanguage } from './language.ts'

const en = formatFor('en')
const es = formatFor('es')

test.each([
  [0, '0 B'],
  [999, '999 B'],
  [999_999, '1 MB'],
  [1_234_567, '1.23 MB'],
  [4.2e12, '4.2 TB'],
])('writes %d bytes as %s', (bytes, text) => {
  expect(en.size(bytes)).toBe(text)
})

test.each([
  ['2011', '2011'],
  ['2011-06', 'June 2011'],
  ['1880/1920', '1880 – 1920'],
  ['2026-09~', 'about September 2026'],
  ['../2020', 'until 2020'],
  ['2001/..', 'since 2001'],
  ['last spring', 'last spring'],
])('writes %s as %s', (edtf, text) => {
  expect(en.edtf(edtf)).toBe(text)
})

test('writes numbers, days and distances in the Spanish way', () => {
  expect(es.number(1_234_567)).toBe('1.234.567')
  expect(es.date('2026-11-20T00:00:00Z')).toBe('20 de noviembre de 2026')
  expect(es.fromNow('2026-11-18T00:00:00Z', Date.parse('2026-11-20T00:00:00Z'))).toBe('anteayer')
})

test.each([
  ['es', undefined, 'es'],
  [undefined, 'es-MX,es;q=0.9,en;q=0.8', 'es'],
  [undefined, 'de,en;q=0.5,es;q=0.4', 'en'],
  [undefined, 'fr', 'en'],
  ['xx', 'es;q=0', 'en'],
])('for ?lang=%s and Accept-Language %s, answers in %s', (asked, header, language) => {
  expect(chooseLanguage(asked, header).language).toBe(language)
})

test('writes a bounding box with the directions of its sides', () => {
  const box = { west: '-180', south: '-90', east: '12.5', north: '0' }
  expect(en.box(box)).toBe('90° S – 0°, 180° W – 12.5° E')
  expect(es.box(box)).toBe('90° S – 0°, 180° O – 12,5° E')
  expect(en.box({ ...box, north: 'up' })).toBe('-90 – up, -180 – 12.5')
})
