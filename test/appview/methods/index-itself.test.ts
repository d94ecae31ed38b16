import { testBackends } from '@holdfast/appview/testing/backends'
import type * as schemas from '@holdfast/lexicons'
import { canonicalAuthority, methods } from '@holdfast/lexicons/nsid'
import { sql } from 'drizzle-orm'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { call, query } from '../../system/xrpc.ts'
import { adminToken, trackers, uriOf } from '../index-under-test.ts'
import { alice, bob, ice, refusal, type SeaIceIndex, startSeaIceIndex, torrent } from './sea-ice.ts'

describe.each(testBackends())('methods about the index itself, on $name', ({ open }) => {
  let index: SeaIceIndex
  beforeAll(async () => {
    index = await startSeaIceIndex({ open })
  })
  afterAll(() => index[Symbol.asyncDispose]())
  afterEach(() => expect(index.takeFaults()).toEqual([]))

  test('getRecordStatus answers for records in every state', async () => {
    const status = async (uri: string) => {
      const { status, reason, message, metainfoStatus, attempts } =
        await index.ask<schemas.getRecordStatus.$OutputBody>('getRecordStatus', { uri })
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
    const record = { title: 'Written and deleted', createdAt: '2026-01-01T00:00:00Z' }
    await index.write(alice, [{ put: 'dataset', rkey: 'brief', record }])
    await index.write(alice, [{ delete: 'dataset', rkey: 'brief' }])
    expect(await status(uriOf(alice, 'dataset', 'brief'))).toMatchObject({
      status: 'unknown',
      reason: 'record-deleted',
    })
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

  test('getStats counts visible records, with their history', async () => {
    await index.catalog.db.execute(sql`
      INSERT INTO local.daily_stats (day, totals) VALUES ('2026-01-05', '{"datasets":1,"torrents":0,"infoHashes":0,"sizeBytes":0,"authors":1}'),
        ('2026-01-09', '{"datasets":2,"torrents":0,"infoHashes":0,"sizeBytes":0,"authors":1}')`)
    const { stats, history } = await index.ask<schemas.getStats.$OutputBody>('getStats')
    expect(stats).toMatchObject({
      infoHashes: 2,
      verifiedTorrents: 3,
      files: 13,
      webseeds: 1,
      assessments: 2,
      seeders: 2,
      leechers: 5,
      needsSeeders: 1,
    })
    expect(history.slice(0, 2).map((point) => point.at)).toEqual([
      '2026-01-05T00:00:00.000Z',
      '2026-01-09T00:00:00.000Z',
    ])
    const weekly = await index.ask<schemas.getStats.$OutputBody>('getStats', {
      interval: 'week',
      to: '2026-01-31T00:00:00Z',
    })
    expect(weekly.history).toMatchObject([{ at: '2026-01-09T00:00:00.000Z', stats: { datasets: 2 } }])
    expect(
      await refusal(index.ask('getStats', { from: '2026-02-01T00:00:00Z', to: '2026-01-01T00:00:00Z' })),
    ).toBe('400 InvalidRange')
    expect(await refusal(index.ask('getStats', { interval: 'hour' }))).toBe('400 InvalidRange')
  })

  test('describeServer names policy, trackers, authorities and limits', async () => {
    expect(await index.ask('describeServer')).toMatchObject({
      did: expect.stringMatching(/^did:web:localhost%3A\d+$/),
      authorities: [{ name: canonicalAuthority }],
      trackers: trackers.map((url) => ({ url })),
      limits: { replayHours: 168, queryBytes: 10_000 },
    })
  })

  test('admits and denies only for the operator', async () => {
    const body = { subject: 'bob.bsky.social', action: 'deny', reason: 'a test' }
    expect(await refusal(call(index.url, 'updateAdmission', { body }))).toBe('401 AuthenticationRequired')
    expect(await refusal(call(index.url, 'updateAdmission', { body, token: 'a guess' }))).toBe(
      '401 AuthenticationRequired',
    )
    expect(await refusal(index.ask('listAdmissions'))).toBe('401 AuthenticationRequired')
    const operator = (subject: string, action: string) =>
      call<schemas.admin.updateAdmission.$OutputBody>(index.url, 'updateAdmission', {
        body: { ...body, subject, action },
        token: adminToken,
      })
    expect(await operator('bob.bsky.social', 'deny')).toMatchObject({
      admission: { subject: bob, kind: 'account', state: 'denied', reason: 'a test' },
    })
    const standing = await index.ask<schemas.getRecordStatus.$OutputBody>('getRecordStatus', {
      uri: uriOf(bob, 'dataset', 'raw'),
    })
    expect(standing).toMatchObject({
      status: 'hidden',
      reason: 'denied-account',
      message: expect.stringContaining('a test'),
    })
    expect(await refusal(index.ask('getDataset', { uri: uriOf(bob, 'dataset', 'raw') }))).toBe(
      '404 RecordNotFound',
    )
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
    expect(await index.ask('getRecordStatus', { uri: uriOf(bob, 'torrent', 'same') })).toMatchObject({
      status: 'hidden',
      reason: 'denied-content',
    })
    expect(await refusal(index.ask('getMetainfo', { infoHash: torrent.infoHashV1 }))).toBe(
      '404 ContentNotFound',
    )
    const listed = await query<schemas.admin.listAdmissions.$OutputBody>(
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

  test('refuses a decision about a DID that no account can have', async () => {
    const decide = (subject: string, action: string) =>
      call(index.url, 'updateAdmission', { body: { subject, action }, token: adminToken })
    for (const did of ['did:plc:abc', 'did:plc:00000000000000000000000!', 'did:key:z6Mk', 'did:web:nowhere'])
      expect(await refusal(decide(did, 'allow')), did).toBe('400 InvalidSubject')
    for (const did of ['did:plc:x234567abcdefghijklmnopq', 'did:web:data.example.org'])
      for (const action of ['deny', 'restore']) await decide(did, action)
    // A decision that an older version accepted can be taken back.
    await decide('did:plc:abc', 'restore')
  })

  test('getIngestStatus answers only the operator', async () => {
    expect(await refusal(index.ask('getIngestStatus'))).toBe('401 AuthenticationRequired')
    expect(await query(index.url, 'getIngestStatus', {}, { token: adminToken })).toMatchObject({
      rejects: [{ reason: 'invalid-lexicon', count: 1 }],
      metainfo: expect.arrayContaining([{ status: 'verified', count: 3 }]),
      databaseOk: true,
    })
  })

  test('getIngestStatus says how many records a decision has not reached yet', async () => {
    const { db } = index.catalog
    await db.execute(
      sql`INSERT INTO catalog.sweep (subject, kind, remaining) VALUES ('did:plc:large', 'did', 61500), ('all', 'all', 0)`,
    )
    const status = await query<schemas.admin.getIngestStatus.$OutputBody>(
      index.url,
      'getIngestStatus',
      {},
      { token: adminToken },
    )
    await db.execute(sql`DELETE FROM catalog.sweep`)
    expect(status.sweeps).toEqual([
      { subject: 'all', since: expect.any(String) },
      { subject: 'did:plc:large', remaining: 61_500, since: expect.any(String) },
    ])
  })

  test('a reader whose copy is current gets a 304', async () => {
    const url = `${index.url}/xrpc/${methods.getDataset}?uri=${encodeURIComponent(ice)}`
    const first = await fetch(url, { headers: { 'accept-encoding': 'br' } })
    expect(first.headers.get('content-encoding')).toBe('br')
    expect(first.headers.get('cache-control')).toBe('public, no-cache')
    expect(first.headers.get('access-control-allow-origin')).toBe('*')
    const again = await fetch(url, {
      // By default, fetch sends no-cache with every If-None-Match (Fetch standard).
      headers: { 'if-none-match': first.headers.get('etag') ?? '', 'cache-control': 'max-age=0' },
    })
    expect(again.status).toBe(304)
  })
})
