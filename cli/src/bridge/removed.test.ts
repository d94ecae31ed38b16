import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import { removedStatement } from './removed.ts'

const seenAt = '2026-11-30T12:00:00.000Z'
const removed = { status: 'removed', lastSeenAt: seenAt }

test('files on the host of the source are marked, and those elsewhere are left alone', () => {
  const record = {
    $type: collections.dataset,
    createdAt: seenAt,
    title: 'Levels',
    sources: [
      { url: 'https://c.example.gov/levels.csv' },
      { url: 'https://elsewhere.example/levels.csv', status: 'online' },
    ],
  }
  expect(removedStatement(record, { address: 'https://c.example.gov/dataset/levels', seenAt })).toEqual({
    title: 'Levels',
    sources: [
      { url: 'https://c.example.gov/levels.csv', ...removed },
      { url: 'https://elsewhere.example/levels.csv', status: 'online' },
      { url: 'https://c.example.gov/dataset/levels', kind: 'web', ...removed },
    ],
  })
})

test('a record that names the source’s own entry names it once', () => {
  const address = 'https://c.example.gov/dataset/levels'
  expect(
    removedStatement({ title: 'Levels', sources: [{ url: address, kind: 'web' }] }, { address, seenAt })
      .sources,
  ).toEqual([{ url: address, kind: 'web', ...removed }])
})
