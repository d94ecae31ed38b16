import { expect, test } from 'vitest'
import { toSpatial } from './places.ts'

test.each([
  ['United States', { name: 'United States' }],
  ['-125.5, 24, -66, 49.5', { box: { west: '-125.5', south: '24', east: '-66', north: '49.5' } }],
  ['1,2,3', { name: '1,2,3' }],
  ['-500,0,0,0', { name: '-500,0,0,0' }],
  [
    '{"type":"Point","coordinates":[8.5,47.4]}',
    { box: { west: '8.5', south: '47.4', east: '8.5', north: '47.4' } },
  ],
  [
    {
      type: 'Polygon',
      coordinates: [
        [
          [0, 1, 9],
          [2, 1, 9],
          [2, 3, 9],
          [0, 1, 9],
        ],
      ],
    },
    { box: { west: '0', south: '1', east: '2', north: '3' } },
  ],
  [{ type: 'Polygon', coordinates: [['x']] }, undefined],
  ['{not json', { name: '{not json' }],
  ['', undefined],
])('reads %o as %o', (value, spatial) => {
  expect(toSpatial(value)).toEqual(spatial)
})
