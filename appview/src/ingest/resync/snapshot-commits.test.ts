import { encode } from '@atproto/lex-cbor'
import { defaultAuthorities } from '@holdfast/lexicons/authority'
import { collections } from '@holdfast/lexicons/nsid'
import { expect, test } from 'vitest'
import type { RepoCommit } from '../../catalog/apply-batch.ts'
import { createSemaphore } from '../../runtime/semaphore.ts'
import { cidKeyOf } from '../cid-key.ts'
import { createDecoder } from '../decoding.ts'
import { createWanted } from '../wanted.ts'
import { writeSnapshot } from './snapshot-commits.ts'

test('a large block under many keys makes few transactions', async () => {
  const padding = Array.from({ length: 80 }, (_, n) => `${n}`.padEnd(10_000, 'x'))
  const createdAt = '2026-11-20T00:00:00.000Z'
  const record = encode({ $type: collections.dataset, title: 'Large', createdAt, padding })
  const cid = cidKeyOf(record)
  const records = Array.from({ length: 2_000 }, (_, n) => ({
    path: `${collections.dataset}/copy-${n}`,
    cid,
    record,
  }))
  const wanted = createWanted(defaultAuthorities)
  const memory = createSemaphore({ maxCount: 10, maxBytes: 96_000_000, signal: new AbortController().signal })
  const written: RepoCommit[] = []
  await writeSnapshot(
    { rev: '3lzzzzzzzzzzz', data: cid, records, recordBytes: record.length },
    {
      did: 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa',
      host: 'pds.example',
      decode: createDecoder({ wanted, memory, onReject: () => {} }),
      known: new Map(),
      admit: async (ops) => ops,
      write: async (commit) => void written.push(commit),
    },
  )
  expect(written.length).toBeLessThan(10)
  const kept = written.flatMap(({ ops }) => ops).filter(({ action }) => action === 'put')
  expect(kept.length).toBeLessThan(10)
})
