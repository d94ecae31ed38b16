import { sql } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../testing/backends.ts'
import { did as author, makeTorrent, putRecord, putTorrent } from '../../testing/publishing.ts'
import type { Catalog } from '../store/open.ts'
import { rows } from '../store/sql.ts'
import { applyAdmissionPolicy } from './admission-policy.ts'
import { decideAdmission } from './admissions.ts'
import type { NamedBy } from './named-addresses.ts'
import { writeSwarmCounts } from './swarms/counts.ts'
import { writeProbes } from './swarms/probes.ts'
import { readDueContents } from './swarms/schedule.ts'
import { addProbeTargets, addTrackerTargets } from './swarms/targets.ts'
import { findContent } from './views/torrents/contents.ts'
import { readMetainfoFile } from './views/torrents/metainfo-file.ts'
import { readTorrentViews } from './views/torrents/torrent-views.ts'

const stranger = 'did:plc:stranger'
const { infoHashV1: infoHash, bytes } = makeTorrent('ice', Buffer.alloc(20_000, 1))
const [ours, authors, strangers] = ['ours', 'authors', 'strangers'].map(
  (name) => `https://${name}.org/announce`,
) as [string, string, string]
const strangersSeed = 'https://strangers.org/ice'

describe.each(testBackends())('whose trackers and webseeds count for a torrent, on $name', ({ open }) => {
  let catalog: Catalog
  let original: string
  let copy: string
  beforeAll(async () => {
    catalog = await open()
    await applyAdmissionPolicy(catalog.db, 'open')
    await putRecord(catalog, 'dataset', 'ice', { title: 'Ice' })
    const dataset = { datasets: [{ uri: `at://${author}/dataset/ice` }] }
    original = await putTorrent(catalog, 'original', { infoHashV1: infoHash, bytes, record: dataset })
    copy = await putTorrent(catalog, 'copy', {
      infoHashV1: infoHash,
      bytes: Buffer.concat([bytes.subarray(0, -1), Buffer.from('7:comment4:minee')]),
      did: stranger,
      // The stranger claims an earlier date.
      record: { createdAt: '1990-01-01T00:00:00Z' },
    })
    await name(authors, { metainfoCid: 'blob-original' })
    await name(strangers, { metainfoCid: 'blob-copy' })
    await addProbeTargets(catalog.db, [
      {
        ...{ subject: infoHash, url: strangersSeed, status: 'unchecked' },
        detail: { kind: 'bep19', metainfo: true },
        by: { metainfoCid: 'blob-copy' },
      },
    ])
    const verified = { detail: { kind: 'bep19' }, failed: false, nextAt: new Date(Date.now() + 1e6) }
    await writeProbes(
      catalog.db,
      [{ subject: infoHash, url: strangersSeed, status: 'verified', ...verified }],
      new Date(),
    )
    await say(ours, 1, { own: true })
    await say(authors, 2)
    await say(strangers, 999_999)
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  const name = (tracker: string, by: NamedBy) => addTrackerTargets(catalog.db, [{ infoHash, tracker, by }])
  const say = (tracker: string, seeders: number, { own = false, of = infoHash } = {}) =>
    writeSwarmCounts(catalog.db, {
      ...{ tracker, own, at: new Date() },
      counts: [{ infoHash: of, seeders, leechers: 0, completed: null }],
    })
  const view = async (uri = original) =>
    (await readTorrentViews(catalog.db, [uri], { detail: 'page', trackers: [] }))[0]!
  const seeders = async () => {
    const [torrent] = await rows(catalog.db, sql`SELECT seeders FROM catalog.torrent WHERE uri = ${original}`)
    const [dataset] = await rows(catalog.db, sql`SELECT seeders FROM catalog.dataset`)
    return [torrent?.seeders, dataset?.seeders]
  }
  const due = async (tracker: string) =>
    (await readDueContents(catalog.db, { tracker, recheckMs: -1e6, limit: 9 })).length

  test('the tracker of a stranger who republished a torrent is listed but not counted', async () => {
    const { swarm } = await view()
    expect(swarm).toMatchObject({ seeders: 2, needsSeeders: true })
    expect(swarm?.trackers).toMatchObject([
      { url: authors, seeders: 2, isClaim: true },
      { url: ours, seeders: 1, isClaim: false },
      { url: strangers, seeders: 999_999, isClaim: true },
    ])
    expect(await seeders()).toEqual([2, 2])
  })

  test('whether seeders are needed follows from our trackers and the median of the others', async () => {
    for (const [i, claimed] of [50, 0].entries()) {
      await name(`https://more${i}.org/announce`, { metainfoCid: 'blob-original' })
      await say(`https://more${i}.org/announce`, claimed)
    }
    expect(await seeders()).toEqual([2, 2])
    expect((await view()).swarm).toMatchObject({ seeders: 50, needsSeeders: true })
  })

  test('a stranger’s webseeds and trackers appear only in the stranger’s own .torrent', async () => {
    expect((await view()).webseeds).toEqual([])
    expect((await view(copy)).webseeds).toMatchObject([{ url: strangersSeed, status: 'verified' }])
    const found = await findContent(catalog.db, { infoHash })
    const handle = 'found' in found ? found.found : undefined
    expect(handle?.uri).toBe(original)
    const file = await readMetainfoFile(catalog.db, handle!, {
      original: false,
      thirdPartyWebseeds: true,
      trackers: [ours],
    })
    expect(Buffer.from(file!.bytes).includes('strangers.org')).toBe(false)
  })

  test('counts an address that an allowed account names, and none of a denied account', async () => {
    await decideAdmission(catalog.db, { kind: 'did', value: stranger }, { action: 'allow' })
    expect((await view()).swarm?.seeders).toBe(999_999)
    expect(await due(strangers)).toBe(1)
    await decideAdmission(catalog.db, { kind: 'did', value: stranger }, { action: 'deny' })
    const { swarm } = await view()
    expect(swarm).toMatchObject({ seeders: 50, needsSeeders: true })
    expect(swarm?.trackers?.map(({ url }) => url)).not.toContain(strangers)
    expect([await due(strangers), await due(authors)]).toEqual([0, 1])
    expect(await seeders()).toEqual([2, 2])
  })

  test('addresses named by strangers take no place from those of the first publisher', async () => {
    await decideAdmission(catalog.db, { kind: 'did', value: stranger }, { action: 'restore' })
    const many = Array.from({ length: 60 }, (_, i) => `https://crowd${i}.org/announce`)
    await addTrackerTargets(
      catalog.db,
      many.map((tracker) => ({ infoHash, tracker, by: { metainfoCid: 'blob-copy' } })),
    )
    await name('https://late.org/announce', { metainfoCid: 'blob-original' })
    expect(await due('https://late.org/announce')).toBe(1)
    expect(await due(many.at(-1)!)).toBe(0)
  })

  test('an old record that is rewritten to name a torrent was not the first to do so', async () => {
    const [old, taken] = ['0'.repeat(40), 'cd'.repeat(20)]
    const theirs = { infoHashV1: old, did: stranger }
    const uri = await putTorrent(catalog, 'prepared', theirs)
    const first = await putTorrent(catalog, 'taken', { infoHashV1: taken })
    await putTorrent(catalog, 'prepared', { ...theirs, infoHashV1: taken, record: { name: 'rewritten' } })
    await addTrackerTargets(catalog.db, [
      { infoHash: taken, tracker: authors, by: { metainfoCid: 'blob-taken' } },
      { infoHash: taken, tracker: strangers, by: { metainfoCid: 'blob-prepared' } },
    ])
    await say(authors, 2, { of: taken })
    await say(strangers, 999_999, { of: taken })
    expect((await view(first)).swarm?.seeders).toBe(2)
    expect((await view(uri)).swarm?.seeders).toBe(2)
    const found = await findContent(catalog.db, { infoHash: taken })
    expect('found' in found && found.found.uri).toBe(first)
  })

  test('an author who corrects a record remains the first to name its torrent', async () => {
    const infoHashV1 = 'ef'.repeat(20)
    await putTorrent(catalog, 'corrected', { infoHashV1 })
    await putTorrent(catalog, 'copied', { infoHashV1, did: stranger })
    const corrected = await putTorrent(catalog, 'corrected', { infoHashV1, record: { name: 'corrected' } })
    await addTrackerTargets(catalog.db, [
      { infoHash: infoHashV1, tracker: authors, by: { metainfoCid: 'blob-corrected' } },
      { infoHash: infoHashV1, tracker: strangers, by: { metainfoCid: 'blob-copied' } },
    ])
    await say(authors, 2, { of: infoHashV1 })
    await say(strangers, 999_999, { of: infoHashV1 })
    expect((await view(corrected)).swarm?.seeders).toBe(2)
  })

  test('editing or deleting a record removes the addresses that it named', async () => {
    const tracker = 'https://edited.org/announce'
    const uri = await putTorrent(catalog, 'edited', { infoHashV1: 'ab'.repeat(20) })
    const [row] = await rows<{ id: number }>(
      catalog.db,
      sql`SELECT id FROM catalog.record WHERE uri = ${uri}`,
    )
    await addTrackerTargets(catalog.db, [{ infoHash: 'ab'.repeat(20), tracker, by: { recordId: row!.id } }])
    await say(tracker, 7, { of: 'ab'.repeat(20) })
    expect((await view(uri)).swarm?.seeders).toBe(7)
    await putTorrent(catalog, 'edited', { infoHashV1: 'ab'.repeat(20), record: { name: 'again' } })
    expect((await view(uri)).swarm?.seeders).toBeUndefined()
  })
})
