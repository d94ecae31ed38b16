import { expect, test } from 'vitest'
import { cidKeyOf } from '../cid-key.ts'
import type { RepoFrame } from '../frame/frame.ts'
import { createGiveUp } from './give-up.ts'
import { createIngestEvent } from './ingest-event.ts'

const about = { did: 'did:plc:author', seq: 7, time: '2026-01-02T03:04:05Z' }
const rev = '3n00000000001'
const data = cidKeyOf(new Uint8Array())

test.each<[string, RepoFrame]>([
  ['a hint', { kind: 'hint', ...about, path: 'dataset/ice' }],
  ['a commit that the reference reader verified', { kind: 'proved', ...about, rev, data, changes: [] }],
])('after %s is given up, its repository is read whole', async (_, frame) => {
  const asked: string[] = []
  const giveUp = createGiveUp({
    committer: {},
    metrics: { reject() {} },
    states: { get: async () => ({ state: 'in-progress', rev: null, data: null, tries: 0 }) },
    resyncs: { request: (did: string) => asked.push(did) },
  } as unknown as Parameters<typeof createGiveUp>[0])
  await giveUp(createIngestEvent(frame, { host: 'relay.test', kind: 'relay' }), 'its server is slow')
  expect(asked).toEqual([about.did])
})
