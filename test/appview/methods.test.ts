import { testBackends } from '@holdfast/appview/catalog/test-backends'
import type * as schemas from '@holdfast/lexicons'
import { canonicalAuthority, methods } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { call, query, XrpcError } from '../system/xrpc.ts'
import {
  adminToken,
  cidOf,
  createdAt,
  type IndexUnderTest,
  startIndex,
  trackers,
  uriOf,
} from './index-under-test.ts'
import { sampleTorrent } from './sample-torrent.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const bob = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
const carol = 'did:plc:cccccccccccccccccccccccc'
const ice = uriOf(alice, 'dataset', 'sea-ice')
const files = Array.from({ length: 12 }, (_, i) => `monthly/extent-${String(i + 1).padStart(2, '0')}.csv`)
const torrent = sampleTorrent('sea-ice', files, {
  announce: 'http://author.example.net/announce',
  comment: 'monthly extents',
})
const secret = sampleTorrent('club', ['a.txt'], {
  announce: 'http://club.example.net/announce',
  private: true,
})
const late = sampleTorrent('late', ['b.txt'])

describe.each(testBackends())('the methods, on $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open })
    await seed(index)
  })
  afterAll(() => index[Symbol.asyncDispose]())
  afterEach(() => expect(index.takeFaults()).toEqual([]))

  const ask = <T>(...args: Parameters<typeof query> extends [string, ...infer Rest] ? Rest : never) =>
    query<T>(index.url, ...args)
  const refusal = (asked: Promise<unknown>) =>
    asked.then(
      () => 'no error',
      (error: unknown) =>
        error instanceof XrpcError ? `${error.status} ${error.error}` : Promise.reject(error),
    )

  test('getDataset shows the record verbatim and all that the index knows of it', async () => {
    const { dataset, torrents } = await ask<schemas.getDataset.$OutputBody>('getDataset', { uri: ice })
    expect(dataset).toMatchObject({
      uri: ice,
      author: {
        did: alice,
        handle: 'alice.example.org',
        domainVerified: true,
        displayName: 'Alice’s Library',
        kind: 'library',
      },
      record: { title: 'Sea ice extent', createdAt },
      status: 'indexed',
      counts: { torrents: 1, verifiedTorrents: 1, webSeeds: 2, files: 12, sizeBytes: 1266, assessments: 2 },
      swarm: { seeders: 2, leechers: 5, needsSeeders: true },
      labels: [{ src: alice, uri: ice, val: 'graphic-media' }],
      sourceStatus: [
        {
          url: 'https://example.gov/ice',
          status: 'offline',
          httpStatus: 503,
          history: [{ status: 'offline' }, { status: 'online' }],
        },
        { url: 'https://example.gov/other', status: 'unchecked' },
      ],
      changedSince: [{ field: 'derivedFrom/0', uri: uriOf(bob, 'dataset', 'raw'), cid: cidOf('old') }],
      supersededBy: [
        {
          uri: uriOf(bob, 'dataset', 'newer'),
          author: { did: bob, handle: 'bob.bsky.social', domainVerified: false },
        },
      ],
    })
    expect(dataset.assessments?.map((view) => [view.author.did, view.matchedBy])).toEqual([
      [carol, 'identifier'],
      [bob, 'uri'],
    ])
    expect(torrents.map((view) => view.infoHashV1)).toEqual([torrent.infoHashV1])
  })

  test('describers that share an identifier are one card, and nothing of theirs is merged', async () => {
    const { dataset } = await ask<schemas.getDataset.$OutputBody>('getDataset', { uri: ice })
    expect(dataset.group).toMatchObject({
      count: 2,
      describers: [
        {
          uri: uriOf(carol, 'dataset', 'ice-too'),
          author: { did: carol },
          title: 'Polar ice',
          matchedBy: 'doi',
        },
      ],
    })
  })

  test('a URI may name its author by handle', async () => {
    const { dataset } = await ask<schemas.getDataset.$OutputBody>('getDataset', {
      uri: ice.replace(alice, 'alice.example.org'),
    })
    expect(dataset.uri).toBe(ice)
    expect(await refusal(ask('getDataset', { uri: ice.replace(alice, 'nobody.example.org') }))).toBe(
      '404 RecordNotFound',
    )
    expect(await refusal(ask('getDataset', { uri: `${ice}x` }))).toBe('404 RecordNotFound')
    expect(await refusal(ask('getDataset', { uri: 'http://x' }))).toBe('400 InvalidRequest')
  })

  test('getDatasets keeps the order asked for and leaves out what is not visible', async () => {
    const other = uriOf(bob, 'dataset', 'raw')
    const { datasets } = await ask<schemas.getDatasets.$OutputBody>('getDatasets', {
      uris: [other, `${ice}x`, ice, other],
    })
    expect(datasets.map((view) => view.uri)).toEqual([other, ice])
  })

  test('listDatasets pages through an account by a cursor that rows added meanwhile do not move', async () => {
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const page = await ask<schemas.listDatasets.$OutputBody>('listDatasets', {
        author: 'bob.bsky.social',
        limit: 2,
        cursor,
      })
      seen.push(...page.datasets.map((view) => view.uri))
      cursor = page.cursor
      await index.write(bob, [
        {
          put: 'dataset',
          rkey: `added-${seen.length}`,
          record: { title: 'Added', createdAt: '2027-01-01T00:00:00Z' },
        },
      ])
    } while (cursor)
    expect(seen.filter((uri) => !uri.includes('/added-'))).toEqual(
      ['newer', 'raw', 'r3', 'r2', 'r1'].map((rkey) => uriOf(bob, 'dataset', rkey)),
    )
    expect(new Set(seen).size).toBe(seen.length)
    expect(await refusal(ask('listDatasets', { author: 'nobody.example.org' }))).toBe('400 AuthorNotFound')
    for (const bad of [
      'x',
      'W10',
      Buffer.from('["datasets","now",1]').toString('base64url'),
      Buffer.from('["torrents","2026-01-01 00:00:00+00",1]').toString('base64url'),
    ]) {
      expect(await refusal(ask('listDatasets', { author: bob, cursor: bad })), bad).toBe('400 InvalidCursor')
    }
  })

  test('getTorrent finds content by every form of its infohash, with every record that names it', async () => {
    const hash = torrent.infoHashV1
    const forms = [
      hash,
      hash.toUpperCase(),
      base32(hash),
      base32(hash).toLowerCase(),
      `magnet:?xt=urn:btih:${hash}&dn=x`,
    ]
    for (const infoHash of forms) {
      const { torrents, datasets } = await ask<schemas.getTorrent.$OutputBody>('getTorrent', { infoHash })
      expect(
        torrents.map((view) => view.uri),
        infoHash,
      ).toEqual([uriOf(alice, 'torrent', 'ice'), uriOf(bob, 'torrent', 'same')])
      expect(datasets?.map((view) => view.uri)).toEqual([ice])
    }
    expect(await refusal(ask('getTorrent', { infoHash: 'xyz' }))).toBe('400 InvalidInfoHash')
    expect(await refusal(ask('getTorrent', {}))).toBe('400 InvalidInfoHash')
    expect(await refusal(ask('getTorrent', { infoHash: 'f'.repeat(64) }))).toBe('404 NotFound')
  })

  test('a torrent view holds what the metainfo proved, who serves it, and a magnet with the operator’s trackers', async () => {
    const { torrents } = await ask<schemas.getTorrent.$OutputBody>('getTorrent', {
      uri: uriOf(alice, 'torrent', 'ice'),
    })
    const [view] = torrents
    expect(view).toMatchObject({
      metainfoStatus: 'verified',
      name: 'sea-ice',
      fileCount: 12,
      sizeBytes: 1266,
      private: false,
      datasets: [{ uri: ice, title: 'Sea ice extent' }],
      swarm: { seeders: 2, trackers: [{ url: trackers[0], seeders: 2 }, { seeders: 1 }] },
      warnings: [{ code: 'private-webseed-dropped' }],
    })
    expect(view?.webSeeds).toMatchObject([
      {
        url: 'https://mirror.example.org/',
        status: 'verified',
        origin: 'torrent',
        thirdParty: false,
        https: true,
        cors: true,
      },
      {
        url: 'https://bob.example.net/ice/',
        status: 'verified',
        origin: 'webseed',
        thirdParty: true,
        author: { did: bob },
        note: 'a copy',
      },
    ])
    expect(view?.magnet).toBe(
      `magnet:?xt=urn:btih:${torrent.infoHashV1}&dn=sea-ice&${trackers.map((url) => `tr=${encodeURIComponent(url)}`).join('&')}`,
    )
  })

  test('listTorrents by dataset, by author, and by both', async () => {
    const uris = async (params: Record<string, string>) =>
      (await ask<schemas.listTorrents.$OutputBody>('listTorrents', params)).torrents.map((view) => view.uri)
    expect(await uris({ dataset: ice })).toEqual([uriOf(alice, 'torrent', 'ice')])
    expect(await uris({ author: bob })).toContain(uriOf(bob, 'torrent', 'same'))
    expect(await uris({ author: bob, dataset: ice })).toEqual([])
  })

  test('getTorrentFiles pages through the files in the order of the metainfo', async () => {
    const first = await ask<schemas.getTorrentFiles.$OutputBody>('getTorrentFiles', {
      infoHash: torrent.infoHashV1,
      limit: 5,
    })
    expect(first).toMatchObject({
      fileCount: 12,
      truncated: false,
      files: [{ path: files[0], sizeBytes: 100, index: 0 }, {}, {}, {}, {}],
    })
    const next = await ask<schemas.getTorrentFiles.$OutputBody>('getTorrentFiles', {
      infoHash: torrent.infoHashV1,
      cursor: first.cursor,
    })
    expect([...first.files, ...next.files].map((file) => file.path)).toEqual(files)
    const some = await ask<schemas.getTorrentFiles.$OutputBody>('getTorrentFiles', {
      infoHash: torrent.infoHashV1,
      pathPrefix: 'monthly/extent-1',
    })
    expect(some.files.map((file) => file.path)).toEqual(files.slice(9))
    expect(await refusal(ask('getTorrentFiles', { uri: uriOf(alice, 'torrent', 'late') }))).toBe(
      '404 MetainfoUnavailable',
    )
  })

  test('getMetainfo keeps the infohash, adds the operator’s trackers and verified webseeds, and says who named them', async () => {
    const bytes = await metainfoOf({ infoHash: torrent.infoHashV1 })
    const served = parseMetainfo(bytes)
    expect(served.infoHashV1).toBe(torrent.infoHashV1)
    expect(served.trackers.map(({ url, tier }) => [url, tier])).toEqual([
      [trackers[0], 0],
      [trackers[1], 0],
      ['udp://record.example.net:1/announce', 1],
      ['http://author.example.net/announce', 1],
    ])
    expect(served.webSeeds.map(({ url }) => url)).toEqual([
      'https://mirror.example.org/',
      'https://bob.example.net/ice/',
    ])
    expect(served.comment).toContain('monthly extents')
    expect(served.comment).toContain(`https://bob.example.net/ice/ (${bob})`)
    const own = parseMetainfo(await metainfoOf({ infoHash: torrent.infoHashV1, thirdPartyWebSeeds: 'false' }))
    expect(own.webSeeds.map(({ url }) => url)).toEqual(['https://mirror.example.org/'])
    expect(own.comment).toBe('monthly extents')
    expect(await metainfoOf({ infoHash: torrent.infoHashV1, original: 'true' })).toEqual(
      Buffer.from(torrent.bytes),
    )
  })

  test('a private torrent is served as it came, and never announced on our trackers by its magnet', async () => {
    expect(await metainfoOf({ infoHash: secret.infoHashV1 })).toEqual(Buffer.from(secret.bytes))
    const { torrents } = await ask<schemas.getTorrent.$OutputBody>('getTorrent', {
      infoHash: secret.infoHashV1,
    })
    expect(torrents[0]?.magnet).not.toContain('tr=')
  })

  test('listInfoHashes is exactly the verified content, keyset-paged', async () => {
    const first = await ask<schemas.listInfoHashes.$OutputBody>('listInfoHashes', { limit: 1 })
    const second = await ask<schemas.listInfoHashes.$OutputBody>('listInfoHashes', {
      limit: 1,
      cursor: first.cursor,
    })
    expect([...first.infoHashes, ...second.infoHashes].map((entry) => entry.infoHashV1).sort()).toEqual(
      [torrent.infoHashV1, secret.infoHashV1].sort(),
    )
    expect(second.cursor).toBeUndefined()
    expect(first).toMatchObject({ seq: 2, epoch: expect.any(String) })
  })

  test('getRecordStatus answers for every standing', async () => {
    const status = async (uri: string) => {
      const { status, reason, message, metainfoStatus, attempts } =
        await ask<schemas.getRecordStatus.$OutputBody>('getRecordStatus', { uri })
      return { status, reason, says: message, metainfoStatus, attempts }
    }
    expect(await status(ice)).toEqual({ status: 'indexed' })
    expect(await status(uriOf(alice, 'torrent', 'ice'))).toEqual({
      status: 'indexed',
      metainfoStatus: 'verified',
    })
    expect(await status(uriOf(alice, 'torrent', 'late'))).toMatchObject({
      status: 'pending',
      metainfoStatus: 'pending',
      attempts: 1,
      says: expect.stringContaining('the PDS does not answer'),
    })
    expect(await status(uriOf(alice, 'dataset', 'bad'))).toMatchObject({
      status: 'rejected',
      reason: 'invalid-lexicon',
      says: expect.stringContaining('title'),
    })
    expect(await status(uriOf(alice, 'dataset', 'never'))).toMatchObject({ status: 'unknown' })
    expect(await status(ice.replace(alice, 'alice.example.org'))).toEqual({ status: 'indexed' })
    const gone = uriOf('did:plc:dddddddddddddddddddddddd', 'dataset', 'x')
    for (const [accountStatus, reason] of [
      ['deactivated', 'account-deactivated'],
      ['suspended', 'account-suspended'],
      ['odd', 'account-inactive'],
    ]) {
      await index.apply({ accounts: [{ did: gone.split('/')[2]!, active: false, status: accountStatus! }] })
      expect(await status(gone)).toMatchObject({ status: 'hidden', reason })
    }
    await index.apply({ accounts: [{ did: gone.split('/')[2]!, active: false, status: 'deleted' }] })
    expect(await status(gone)).toMatchObject({ status: 'unknown', reason: 'account-deleted' })
  })

  test('getStats counts what is visible, and keeps a history', async () => {
    await index.catalog.db.execute(sql`
      INSERT INTO local.daily_stats (day, totals) VALUES ('2026-01-05', '{"datasets":1,"torrents":0,"infoHashes":0,"sizeBytes":0,"authors":1}'),
        ('2026-01-09', '{"datasets":2,"torrents":0,"infoHashes":0,"sizeBytes":0,"authors":1}')`)
    const { stats, history } = await ask<schemas.getStats.$OutputBody>('getStats')
    expect(stats).toMatchObject({
      infoHashes: 2,
      verifiedTorrents: 3,
      files: 13,
      webSeeds: 1,
      assessments: 2,
      seeders: 2,
      leechers: 5,
      needsSeeders: 1,
    })
    expect(history.slice(0, 2).map((point) => point.at)).toEqual([
      '2026-01-05T00:00:00.000Z',
      '2026-01-09T00:00:00.000Z',
    ])
    const weekly = await ask<schemas.getStats.$OutputBody>('getStats', {
      interval: 'week',
      to: '2026-01-31T00:00:00Z',
    })
    expect(weekly.history).toMatchObject([{ at: '2026-01-09T00:00:00.000Z', stats: { datasets: 2 } }])
    expect(await refusal(ask('getStats', { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' }))).toBe(
      '400 InvalidRange',
    )
    expect(await refusal(ask('getStats', { interval: 'hour' }))).toBe('400 InvalidRange')
  })

  test('describeServer names policy, trackers, authorities and limits', async () => {
    expect(await ask('describeServer')).toMatchObject({
      did: expect.stringMatching(/^did:web:localhost%3A\d+$/),
      authorities: [{ name: canonicalAuthority }],
      trackers: trackers.map((url) => ({ url })),
      limits: { replayHours: 168, queryBytes: 10_000 },
    })
  })

  test('the operator decides, and only the operator', async () => {
    const body = { subject: 'bob.bsky.social', action: 'deny', reason: 'a test' }
    expect(await refusal(call(index.url, 'updateAdmission', { body }))).toBe('401 AuthRequired')
    expect(await refusal(call(index.url, 'updateAdmission', { body, token: 'a guess' }))).toBe(
      '401 AuthRequired',
    )
    expect(await refusal(ask('listAdmissions'))).toBe('401 AuthRequired')
    const operator = (subject: string, action: string) =>
      call<schemas.updateAdmission.$OutputBody>(index.url, 'updateAdmission', {
        body: { ...body, subject, action },
        token: adminToken,
      })
    expect(await operator('bob.bsky.social', 'deny')).toMatchObject({
      admission: { subject: bob, kind: 'account', state: 'denied', reason: 'a test' },
    })
    const standing = await ask<schemas.getRecordStatus.$OutputBody>('getRecordStatus', {
      uri: uriOf(bob, 'dataset', 'raw'),
    })
    expect(standing).toMatchObject({
      status: 'hidden',
      reason: 'denied-account',
      message: expect.stringContaining('a test'),
    })
    expect(await refusal(ask('getDataset', { uri: uriOf(bob, 'dataset', 'raw') }))).toBe('404 RecordNotFound')
    expect((await operator('bob.bsky.social', 'restore')).affected).toBeGreaterThan(5)

    const denied = await operator(`magnet:?xt=urn:btih:${torrent.infoHashV1.toUpperCase()}`, 'deny')
    expect(denied).toMatchObject({
      affected: 2,
      admission: {
        kind: 'content',
        subject: torrent.infoHashV1,
        title: 'sea-ice',
        infoHashes: [{ infoHashV1: torrent.infoHashV1 }],
      },
    })
    expect(await ask('getRecordStatus', { uri: uriOf(bob, 'torrent', 'same') })).toMatchObject({
      status: 'hidden',
      reason: 'denied-content',
    })
    expect(await refusal(ask('getMetainfo', { infoHash: torrent.infoHashV1 }))).toBe('404 NotFound')
    const listed = await query<schemas.listAdmissions.$OutputBody>(
      index.url,
      'listAdmissions',
      {},
      { token: adminToken },
    )
    expect(listed.admissions).toMatchObject([{ subject: torrent.infoHashV1, state: 'denied' }])
    await operator(torrent.infoHashV1, 'restore')
    expect(await refusal(operator('not a subject', 'deny'))).toBe('400 InvalidSubject')
    expect(await refusal(operator(bob, 'destroy'))).toBe('400 InvalidSubject')
  })

  test('getIngestStatus is for the operator', async () => {
    expect(await refusal(ask('getIngestStatus'))).toBe('401 AuthRequired')
    expect(await query(index.url, 'getIngestStatus', {}, { token: adminToken })).toMatchObject({
      rejects: [{ reason: 'invalid-lexicon', count: 1 }],
      metainfo: expect.arrayContaining([{ status: 'verified', count: 3 }]),
      databaseOk: true,
    })
  })

  test('an unchanged answer costs its reader nothing', async () => {
    const url = `${index.url}/xrpc/${methods.getDataset}?uri=${encodeURIComponent(ice)}`
    const first = await fetch(url, { headers: { 'accept-encoding': 'br' } })
    expect(first.headers.get('content-encoding')).toBe('br')
    expect(first.headers.get('cache-control')).toBe('public, no-cache')
    expect(first.headers.get('access-control-allow-origin')).toBe('*')
    const again = await fetch(url, {
      // Left to itself, fetch says no-cache with every If-None-Match (Fetch standard).
      headers: { 'if-none-match': first.headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
    })
    expect(again.status).toBe(304)
  })

  async function metainfoOf(params: Record<string, string>): Promise<Buffer> {
    const response = await fetch(`${index.url}/xrpc/${methods.getMetainfo}?${new URLSearchParams(params)}`)
    expect(response.headers.get('content-type')).toBe('application/x-bittorrent')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="/)
    return Buffer.from(await response.arrayBuffer())
  }
})

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
        webSeeds: [{ url: 'https://mirror.example.org/' }, { url: 'http://127.0.0.1/secret/' }],
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
  await index.catalog.db.execute(sql`
    INSERT INTO local.swarm (info_hash, tracker, seeders, leechers, completed, scraped_at) VALUES
      (${torrent.infoHashV1}, ${trackers[0]}, 2, 5, 9, now()), (${torrent.infoHashV1}, 'udp://other.example.net:1', 1, 0, NULL, now())`)
  await index.catalog.db.execute(sql`
    INSERT INTO local.probe (url, subject, status, detail, checked_at, changed_at, next_at) VALUES
      ('https://example.gov/ice', ${ice}, 'offline', '{"httpStatus":503}', now(), now(), now()),
      ('https://mirror.example.org/', ${torrent.infoHashV1}, 'verified', '{"cors":true}', now(), now(), now()),
      ('https://bob.example.net/ice/', ${torrent.infoHashV1}, 'verified', '{}', now(), now(), now())`)
  await index.catalog.db.execute(sql`
    INSERT INTO local.probe_history (subject, url, at, status) VALUES
      (${ice}, 'https://example.gov/ice', now() - interval '1 day', 'online'), (${ice}, 'https://example.gov/ice', now(), 'offline')`)
}

function base32(hex: string): string {
  let bits = BigInt(`0x${hex}`)
  let text = ''
  for (let i = 0; i < 32; i++, bits >>= 5n)
    text = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number(bits & 31n)] + text
  return text
}
