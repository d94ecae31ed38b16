import { type ProbeResult, writeProbes } from '@holdfast/appview/catalog/swarms/probes'
import { addProbeTargets } from '@holdfast/appview/catalog/swarms/targets'
import { testBackends } from '@holdfast/appview/testing/backends'
import { parseAtomFeed, parseRssFeed } from 'feedsmith'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type IndexUnderTest, startIndex, uriOf } from '../appview/index-under-test.ts'
import { sampleTorrent } from '../appview/sample-torrent.ts'

const alice = 'did:plc:alicealicealicealice1234'
const ice = uriOf(alice, 'dataset', 'ice')
const torrent = sampleTorrent('sea-ice', ['a.csv', 'b.csv'])
const sources = ['https://one.example.org/ice', 'https://two.example.org/ice'] as const
const day = (number: number) => new Date(`2026-03-0${number}T00:00:00.000Z`)

describe.each(testBackends())('datasets whose source is lost, over $name', ({ open }) => {
  let index: IndexUnderTest
  beforeAll(async () => {
    index = await startIndex({ open, admission: 'open' })
    const record = { title: 'Sea ice', description: 'Extent', sources: sources.map((url) => ({ url })) }
    await index.write(alice, [
      { put: 'dataset', rkey: 'ice', record },
      { put: 'dataset', rkey: 'well', record: { ...record, title: 'Well' } },
      { put: 'torrent', rkey: 'ice', record: { ...torrent.record, datasets: [{ uri: ice }] } },
    ])
    await index.verify(new Map([[torrent.blobCid, torrent.bytes]]))
    const subjects = [ice, uriOf(alice, 'dataset', 'well')]
    await addProbeTargets(
      index.catalog.db,
      subjects.flatMap((subject) =>
        sources.map((url) => ({ subject, url, status: 'unchecked' as const, detail: {} })),
      ),
    )
  })
  afterAll(() => index[Symbol.asyncDispose]())

  /** The state of both sources of the dataset on a given day. */
  const find = (at: Date, ...statuses: readonly [string, string]) =>
    writeProbes(
      index.catalog.db,
      sources.map((url, i): ProbeResult => {
        const status = statuses[i]!
        return { subject: ice, url, status, detail: {}, failed: status !== 'online', nextAt: at }
      }),
      at,
    )
  const entries = async () => {
    const body = await (await fetch(`${index.url}/feeds/lost.atom`)).text()
    return (parseAtomFeed(body).entries ?? []).map(({ id, published, title }) => ({
      id,
      published,
      title: title?.value,
    }))
  }
  const lostOn = (at: Date) => ({
    id: `${ice}#lost=${at.toISOString()}`,
    published: at.toISOString(),
    title: 'Sea ice',
  })

  test('a dataset is listed once all its sources are lost, dated by the last', async () => {
    await find(day(1), 'online', 'online')
    expect(await entries()).toEqual([])
    await find(day(2), 'offline', 'degraded')
    expect(await entries()).toEqual([])
    await find(day(3), 'offline', 'offline')
    expect(await entries()).toEqual([lostOn(day(3))])
  })

  test('lists only sources that were lost since, not those that stay away', async () => {
    await find(day(4), 'gone', 'gone')
    expect(await entries()).toEqual([lostOn(day(3))])
    await find(day(5), 'gone', 'online')
    expect(await entries()).toEqual([])
    await find(day(6), 'gone', 'gone')
    expect(await entries()).toEqual([lostOn(day(6))])
  })

  test('the RSS item names the lost address and encloses the torrent', async () => {
    const [item] = parseRssFeed(await (await fetch(`${index.url}/feeds/lost.rss`)).text()).items ?? []
    expect(item?.description).toBe(`${sources[1]} is lost: gone. Extent`)
    expect(item?.enclosures?.[0]?.url).toContain(`/torrent/${torrent.infoHashV1}.torrent`)
    expect(index.takeFaults()).toEqual([])
  })
})
