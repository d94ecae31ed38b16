/** A small index of sea ice datasets and related records, for the tests of all methods. */

import { writeSwarmCounts } from '@holdfast/appview/catalog/swarms/counts'
import type { Catalog } from '@holdfast/appview/store/open'
import { sql } from 'drizzle-orm'
import { query, XrpcError } from '../../system/xrpc.ts'
import { cidOf, type IndexUnderTest, startIndex, trackers, uriOf } from '../index-under-test.ts'
import { sampleTorrent } from '../sample-torrent.ts'

export const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
export const bob = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
export const carol = 'did:plc:cccccccccccccccccccccccc'
export const ice = uriOf(alice, 'dataset', 'sea-ice')
export const files = Array.from(
  { length: 12 },
  (_, i) => `monthly/extent-${String(i + 1).padStart(2, '0')}.csv`,
)
export const torrent = sampleTorrent('sea-ice', files, {
  announce: 'http://author.example.net/announce',
  comment: 'monthly extents',
})
export const secret = sampleTorrent('club', ['a.txt'], {
  announce: 'http://club.example.net/announce',
  private: true,
})
const late = sampleTorrent('late', ['b.txt'])

type Asked = Parameters<typeof query> extends [string, ...infer Rest] ? Rest : never

export interface SeaIceIndex extends IndexUnderTest {
  /** Calls a query without authentication. */
  ask<T>(...asked: Asked): Promise<T>
}

export async function startSeaIceIndex({ open }: { open: () => Promise<Catalog> }): Promise<SeaIceIndex> {
  const index = await startIndex({ open })
  await seed(index)
  return { ...index, ask: <T>(...asked: Asked) => query<T>(index.url, ...asked) }
}

/** The status and error name with which a method rejects a request. */
export function refusal(asked: Promise<unknown>): Promise<string> {
  return asked.then(
    () => 'no error',
    (error: unknown) =>
      error instanceof XrpcError ? `${error.status} ${error.error}` : Promise.reject(error),
  )
}

async function seed(index: IndexUnderTest): Promise<void> {
  await index.apply({
    accounts: [
      { did: alice, handle: 'alice.example.org', pdsHost: 'pds.example.com' },
      { did: bob, handle: 'bob.bsky.social', pdsHost: 'morel.us-east.host.bsky.network' },
    ],
  })
  const doi = [{ scheme: 'doi', value: '10.5061/dryad.8515' }]
  await index.write(bob, [
    ...['r1', 'r2', 'r3', 'raw'].map(
      (rkey) => ({ put: 'dataset', rkey, record: { title: `Raw ${rkey}` } }) as const,
    ),
    { put: 'dataset', rkey: 'newer', record: { title: 'Sea ice, better', supersedes: { uri: ice } } },
    {
      put: 'webseed',
      rkey: '3mseed',
      record: {
        subject: { infoHashV1: torrent.infoHashV1 },
        url: 'https://bob.example.net/ice/',
        kind: 'bep19',
        note: 'a copy',
      },
    },
    {
      put: 'assessment',
      rkey: '3mold',
      record: { subject: { uri: ice }, scarcity: 'preserved', assessedAt: '2025-01-01T00:00:00Z' },
    },
  ])
  await index.write(alice, [
    { put: 'profile', rkey: 'self', record: { displayName: 'Alice’s Library', kind: 'library' } },
    {
      put: 'dataset',
      rkey: 'sea-ice',
      record: {
        title: 'Sea ice extent',
        identifiers: doi,
        sources: [{ url: 'https://example.gov/ice' }, { url: 'https://example.gov/other' }],
        derivedFrom: [
          { uri: uriOf(bob, 'dataset', 'raw'), cid: cidOf('old') },
          { uri: uriOf(bob, 'dataset', 'r1') },
        ],
        labels: { $type: 'com.atproto.label.defs#selfLabels', values: [{ val: 'graphic-media' }] },
      },
    },
    {
      put: 'torrent',
      rkey: 'ice',
      record: {
        ...torrent.record,
        datasets: [{ uri: ice }],
        trackers: [{ url: 'udp://record.example.net:1/announce' }],
        webseeds: [{ url: 'https://mirror.example.org/' }, { url: 'http://127.0.0.1/secret/' }],
      },
    },
    { put: 'torrent', rkey: 'club', record: { ...secret.record } },
    { reject: 'dataset', rkey: 'bad', reason: 'invalid-lexicon', detail: 'title is missing' },
  ])
  await index.write(carol, [
    { put: 'dataset', rkey: 'ice-too', record: { title: 'Polar ice', identifiers: doi } },
    {
      put: 'assessment',
      rkey: '3mnew',
      record: {
        subject: { identifiers: doi },
        risk: { level: 'endangered' },
        assessedAt: '2025-06-01T00:00:00Z',
      },
    },
  ])
  await index.write(bob, [
    { put: 'torrent', rkey: 'same', record: { ...torrent.record, createdAt: '2026-01-03T00:00:00Z' } },
  ])
  await index.write('did:plc:dddddddddddddddddddddddd', [
    { put: 'dataset', rkey: 'x', record: { title: 'Soon gone' } },
  ])
  await index.verify(new Map([torrent, secret].map((sample) => [sample.blobCid, sample.bytes])))
  await index.write(alice, [{ put: 'torrent', rkey: 'late', record: { ...late.record } }])
  await index.verify(new Map())
  for (const [tracker, count] of [
    [trackers[0]!, { seeders: 2, leechers: 5, completed: 9 }],
    ['udp://other.example.net:1', { seeders: 1, leechers: 0, completed: null }],
  ] as const) {
    const counts = [{ infoHash: torrent.infoHashV1!, ...count }]
    await writeSwarmCounts(index.catalog.db, { tracker, at: new Date(), counts })
  }
  await index.catalog.db.execute(sql`
    INSERT INTO local.probe (url, subject, status, detail, checked_at, changed_at, next_at) VALUES
      ('https://example.gov/ice', ${ice}, 'offline', '{"httpStatus":503}', now(), now(), now()),
      ('https://mirror.example.org/', ${torrent.infoHashV1}, 'verified', '{"cors":true}', now(), now(), now()),
      ('https://bob.example.net/ice/', ${torrent.infoHashV1}, 'verified', '{}', now(), now(), now())`)
  await index.catalog.db.execute(sql`
    INSERT INTO local.probe_history (subject, url, at, status) VALUES
      (${ice}, 'https://example.gov/ice', now() - interval '1 day', 'online'), (${ice}, 'https://example.gov/ice', now(), 'offline')`)
}
