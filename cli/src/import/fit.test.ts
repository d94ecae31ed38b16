import type { dataset } from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { fit } from './fit.ts'

const base = { $type: collections.dataset, title: 'T', createdAt: '2026-11-20T12:00:00.000Z' }
const imported = (fields: object) => ({
  rkey: 'x',
  record: { ...base, ...fields } as dataset.Main,
  leftOver: [],
})

test('removes invalid values one by one and reports them', () => {
  const long = 'keyword '.repeat(200)
  const { record, leftOver } = fit(
    imported({
      keywords: [{ name: 'a' }, { name: long }, { name: 'b' }],
      homepage: 'nowhere at all',
      description: 'd'.repeat(60_000),
    }),
  )
  expect(record).toMatchObject({ keywords: [{ name: 'a' }, { name: 'b' }], description: 'd'.repeat(60_000) })
  expect(record.homepage).toBeUndefined()
  expect(leftOver).toEqual(
    expect.arrayContaining([
      { field: 'keywords/1', value: { name: long } },
      { field: 'homepage', value: 'nowhere at all' },
    ]),
  )
})

test('leaves a valid record as it is', () => {
  const fine = imported({ keywords: [{ name: 'a' }] })
  expect(fit(fine)).toEqual(fine)
})

test('leaves an invalid title for people to correct', () => {
  expect(fit(imported({ title: 't'.repeat(20_000) })).leftOver).toEqual([])
})
