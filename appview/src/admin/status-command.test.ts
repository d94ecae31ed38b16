import type { admin, getStats } from '@holdfast/lexicons'
import { expect, test } from 'vitest'
import { describeSweeps, describeTooLarge, describeTotals } from './status-command.ts'

const since = '2026-05-01T10:00:00.000Z' as admin.getIngestStatus.Sweep['since']

test('says how many records of a denied account are still to be updated', () => {
  expect(
    describeSweeps([
      { subject: 'did:plc:large', remaining: 61_500, since },
      { subject: 'did:plc:small', remaining: 1, since },
      { subject: 'all', since },
    ]),
  ).toEqual([
    'decisions that are in effect, while the flags of their records are still being updated',
    `  did:plc:large  61500 records to go, since ${since}`,
    `  did:plc:small  1 record to go, since ${since}`,
    `  all  records not counted yet, since ${since}`,
  ])
})

test('does not mention decisions that need no more updates', () => {
  expect(describeSweeps([])).toEqual([])
})

test('says what an operator can do for repositories that are too large', () => {
  expect(describeTooLarge([{ state: 'synchronized', count: 9 }])).toEqual([])
  expect(describeTooLarge([{ state: 'too-large', count: 1 }])).toEqual([
    '  1 repository too large to be read; the log names the limit, and HOLDFAST_REPO_MEMORY can be raised',
  ])
})

test('status counts one of each kind in the singular', () => {
  const one = { datasets: 1, torrents: 1, infoHashes: 1, authors: 1 } as getStats.Stats
  expect(describeTotals(one)).toBe('1 dataset, 1 torrent, 1 content announced, 1 author')
})
