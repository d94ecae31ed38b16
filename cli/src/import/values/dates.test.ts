import { expect, test } from 'vitest'
import { toEdtf, toTemporal } from './dates.ts'

test.each([
  ['2011', '2011'],
  [2011, '2011'],
  ['2011-11', '2011-11'],
  [' 2011-11-19 ', '2011-11-19'],
  ['20111119', '2011-11-19'],
  ['2011-11-19T12:00:00.123Z', '2011-11-19T12:00:00Z'],
  ['2011-11-19 12:00', '2011-11-19T12:00:00'],
  ['2011-11-19T12:00:00+0100', '2011-11-19T12:00:00+0100'],
  ['1880/1920', '1880/1920'],
  ['11/12/2011', undefined],
  ['R/P1D', undefined],
  ['yesterday', undefined],
  ['2011-13-01', undefined],
  ['', undefined],
  [null, undefined],
])('reads %s as %s', (text, edtf) => {
  expect(toEdtf(text)).toBe(edtf)
})

test.each([
  ['2009-09-01/2010-05-31', { start: '2009-09-01', end: '2010-05-31' }],
  ['2009/', { start: '2009' }],
  ['../2010', { end: '2010' }],
  ['2009', { start: '2009', end: '2009' }],
  ['/', undefined],
  ['long ago/2010', undefined],
  ['1/2/3', undefined],
])('reads %s as the period %o', (text, temporal) => {
  expect(toTemporal(text)).toEqual(temporal)
})
