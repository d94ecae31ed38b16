import { decideAdmission } from '@holdfast/appview/catalog/admissions'
import { pruneChanges } from '@holdfast/appview/catalog/derive/streams'
import { startNewEpochs } from '@holdfast/appview/store/stream-epochs'
import { testBackends } from '@holdfast/appview/testing/backends'
import * as schemas from '@holdfast/lexicons'
import { collections } from '@holdfast/lexicons/nsid'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { waitFor } from '../network/wait-for.ts'
import { query } from '../system/xrpc.ts'
import { type IndexUnderTest, startIndex, uriOf } from './index-under-test.ts'
import { listen } from './listener.ts'
import { sampleTorrent } from './sample-torrent.ts'

const alice = 'did:plc:aaaaaaaaaaaaaaaaaaaaaaaa'
const bob = 'did:plc:bbbbbbbbbbbbbbbbbbbbbbbb'
const torrent = sampleTorrent('sea-ice', ['extent.csv'])

describe.each(testBackends())('the live streams, on $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open })
  })
  afterAll(() => index[Symbol.asyncDispose]())
  beforeEach(() => index.empty())
  afterEach(() => expect(index.takeFaults()).toEqual([]))
  const write = (rkey: string, record: Record<string, unknown> = {}, did = alice) =>
    index.write(did, [{ put: 'dataset', rkey, record: { title: `Dataset ${rkey}`, ...record } }])

  test('sends a new, a changed and a deleted record to a subscriber', async () => {
    await using listener = await listen(index.url, 'subscribeRecords')
    await listener.came(1)
    await write('one')
    await listener.came(2)
    await write('one', { title: 'Edited' })
    await listener.came(3)
    // A subscriber that was not told of a record before its deletion is told only of the deletion.
    await index.write(alice, [{ delete: 'dataset', rkey: 'one' }])
    await listener.came(4)
    expect(listener.lines()).toEqual(['#info 0 Hello', '#upsert 1 one', '#upsert 2 one', '#delete 3 one'])
    expect(listener.messages[1]?.body).toMatchObject({
      uri: uriOf(alice, 'dataset', 'one'),
      author: { did: alice },
      record: { $type: collections.dataset },
    })
  })

  test('every message is valid by its lexicon', async () => {
    const uri = await seedTorrent()
    await decideAdmission(index.catalog.db, { kind: 'uri', value: uri }, { action: 'deny' })
    await decideAdmission(index.catalog.db, { kind: 'uri', value: uri }, { action: 'restore' })
    await write('gone')
    await index.write(alice, [{ delete: 'dataset', rkey: 'gone' }])
    await using records = await listen(index.url, 'subscribeRecords', { cursor: 0 })
    await using hashes = await listen(index.url, 'subscribeInfoHashes', { cursor: 0 })
    await records.came(4)
    await hashes.came(4)
    for (const [listener, schema] of [
      [records, schemas.subscribeRecords],
      [hashes, schemas.subscribeInfoHashes],
    ] as const) {
      for (const { type, body } of listener.messages) {
        const message = { ...body, $type: `${schema.$nsid}${type}` }
        expect(schema.$message.safeValidate(message), type).toMatchObject({ success: true })
      }
    }
    expect(records.messages.map(({ type }) => type)).toEqual(['#info', '#hide', '#unhide', '#delete'])
    expect(records.messages[2]?.body).toMatchObject({
      metainfoStatus: 'verified',
      infoHashV1: torrent.infoHashV1,
    })
    expect(hashes.messages.map(({ type }) => type)).toEqual(['#info', '#add', '#remove', '#add'])
  })

  test('continues where a client left off', async () => {
    for (let i = 1; i <= 5; i++) await write(`d${i}`)
    await using first = await listen(index.url, 'subscribeRecords', { cursor: 2 })
    await first.came(4)
    expect(first.lines()).toEqual(['#info 2 Hello', '#upsert 3 d3', '#upsert 4 d4', '#upsert 5 d5'])
    first.ws.terminate()
    await write('d6')
    const epoch = String(first.messages[0]?.body.epoch)
    await using second = await listen(index.url, 'subscribeRecords', { cursor: 5, epoch })
    await write('d7')
    await second.came(3)
    expect(second.lines()).toEqual(['#info 5 Hello', '#upsert 6 d6', '#upsert 7 d7'])
  })

  test('removes what is hidden from the replay, in the store and in memory', async () => {
    await using live = await listen(index.url, 'subscribeRecords')
    await live.came(1)
    await write('secret', {}, bob)
    await write('open')
    await live.came(3)
    await index.apply({ accounts: [{ did: bob, active: false, status: 'takendown' }] })
    await live.came(4)
    expect(live.messages.at(-1)).toMatchObject({ type: '#hide', body: { reason: 'account-takendown' } })
    await using late = await listen(index.url, 'subscribeRecords', { cursor: 0 })
    await late.came(3)
    expect(late.lines()).toEqual(['#info 0 Hello', '#upsert 2 open', '#hide 3 secret'])
    await index.apply({ accounts: [{ did: bob, active: true }] })
    await late.came(4)
    expect(late.messages.at(-1)).toMatchObject({
      type: '#unhide',
      body: { record: { title: 'Dataset secret' } },
    })
  })

  test('combines filters, and always sends when a record is hidden or deleted', async () => {
    await index.apply({ accounts: [{ did: bob, handle: 'bob.example.org' }] })
    const climate = await listen(index.url, 'subscribeRecords', {
      keyword: ['Climate'],
      risk: ['endangered', 'extinct'],
    })
    const torrents = await listen(index.url, 'subscribeRecords', { collections: [collections.torrent] })
    const bobs = await listen(index.url, 'subscribeRecords', { author: ['bob.example.org'] })
    await Promise.all([climate, torrents, bobs].map((listener) => listener.came(1)))
    await write('wanted', { keywords: [{ name: 'Climate' }], risk: { level: 'endangered' } })
    await write('calm', { keywords: [{ name: 'climate' }] })
    await write('other', { risk: { level: 'endangered' } }, bob)
    await index.write(bob, [
      {
        put: 'torrent',
        rkey: 'its',
        record: { ...torrent.record, datasets: [{ uri: uriOf(alice, 'dataset', 'wanted') }] },
      },
    ])
    await index.write(alice, [{ delete: 'dataset', rkey: 'calm' }])
    await Promise.all([climate.came(4), torrents.came(3), bobs.came(4)])
    const short = (lines: string[]) => lines.map((line) => line.replace(/ \d+/, ''))
    expect(short(climate.lines())).toEqual(['#info Hello', '#upsert wanted', '#upsert its', '#delete calm'])
    expect(short(torrents.lines())).toEqual(['#info Hello', '#upsert its', '#delete calm'])
    expect(short(bobs.lines())).toEqual(['#info Hello', '#upsert other', '#upsert its', '#delete calm'])
    for (const listener of [climate, torrents, bobs]) await listener[Symbol.asyncDispose]()
  })

  test('reports a cursor that is ahead, of another epoch or too old', async () => {
    await write('one')
    await using ahead = await listen(index.url, 'subscribeRecords', { cursor: 9 })
    await waitFor(() => ahead.closed, { what: 'the stream to end' })
    expect(ahead.error).toBe('FutureCursor')

    await using other = await listen(index.url, 'subscribeRecords', { cursor: 9, epoch: 'another' })
    await other.came(2)
    expect(other.lines()).toEqual(['#info 1 Hello', '#info 1 EpochChanged'])

    await pruneChanges(index.catalog.db, new Date(Date.now() + 1_000))
    await using old = await listen(index.url, 'subscribeRecords', { cursor: 0 })
    await old.came(2)
    expect(old.lines().slice(0, 2)).toEqual(['#info 0 Hello', '#info 0 OutdatedCursor'])
  })

  test('a rebuild begins a new epoch and tells connected clients', async () => {
    await using listener = await listen(index.url, 'subscribeInfoHashes')
    await listener.came(1)
    await startNewEpochs(index.catalog.db)
    await listener.came(2)
    expect(listener.messages[1]?.body).toMatchObject({ name: 'EpochChanged' })
    expect(listener.messages[1]?.body.epoch).not.toBe(listener.messages[0]?.body.epoch)
    await seedTorrent()
    await listener.came(3)
    expect(listener.messages[2]).toMatchObject({ type: '#add', body: { infoHashV1: torrent.infoHashV1 } })
  })

  test('the allow-list and its stream join without a gap', async () => {
    await seedTorrent()
    const { infoHashes, seq, epoch } = await query<schemas.listInfoHashes.$OutputBody>(
      index.url,
      'listInfoHashes',
    )
    expect(infoHashes).toHaveLength(1)
    await decideAdmission(
      index.catalog.db,
      { kind: 'infohash', value: torrent.infoHashV1 },
      { action: 'deny' },
    )
    await using listener = await listen(index.url, 'subscribeInfoHashes', { cursor: seq, epoch })
    await listener.came(2)
    expect(listener.messages.map(({ type }) => type)).toEqual(['#info', '#remove'])
  })

  test('parameters without a meaning end the stream with an error frame', async () => {
    await using listener = await listen(index.url, 'subscribeRecords', { cursor: -1 })
    await waitFor(() => listener.closed, { what: 'the stream to end' })
    expect(listener.error).toBe('InvalidRequest')
  })

  async function seedTorrent(): Promise<string> {
    await index.write(alice, [{ put: 'torrent', rkey: 'ice', record: { ...torrent.record } }])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    return uriOf(alice, 'torrent', 'ice')
  }
})
