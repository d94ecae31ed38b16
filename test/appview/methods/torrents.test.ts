import { testBackends } from '@holdfast/appview/testing/backends'
import type * as schemas from '@holdfast/lexicons'
import { methods } from '@holdfast/lexicons/nsid'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { trackers, uriOf } from '../index-under-test.ts'
import {
  alice,
  bob,
  files,
  ice,
  refusal,
  type SeaIceIndex,
  secret,
  startSeaIceIndex,
  torrent,
} from './sea-ice.ts'

describe.each(testBackends())('methods about torrents, on $name', ({ open }) => {
  let index: SeaIceIndex
  beforeAll(async () => {
    index = await startSeaIceIndex({ open })
  })
  afterAll(() => index[Symbol.asyncDispose]())
  afterEach(() => expect(index.takeFaults()).toEqual([]))

  test('getTorrent finds content by any infohash and lists the records that name it', async () => {
    const hash = torrent.infoHashV1
    const forms = [
      hash,
      hash.toUpperCase(),
      base32(hash),
      base32(hash).toLowerCase(),
      `magnet:?xt=urn:btih:${hash}&dn=x`,
    ]
    for (const infoHash of forms) {
      const { torrents, datasets } = await index.ask<schemas.getTorrent.$OutputBody>('getTorrent', {
        infoHash,
      })
      expect(
        torrents.map((view) => view.uri),
        infoHash,
      ).toEqual([uriOf(alice, 'torrent', 'ice'), uriOf(bob, 'torrent', 'same')])
      expect(datasets?.map((view) => view.uri)).toEqual([ice])
    }
    expect(await refusal(index.ask('getTorrent', { infoHash: 'xyz' }))).toBe('400 InvalidInfoHash')
    expect(await refusal(index.ask('getTorrent', {}))).toBe('400 InvalidInfoHash')
    expect(await refusal(index.ask('getTorrent', { infoHash: 'f'.repeat(64) }))).toBe('404 ContentNotFound')
    const absent = { uri: uriOf(alice, 'torrent', 'none') }
    for (const method of ['getTorrent', 'getTorrentFiles', 'getMetainfo'] as const)
      expect(await refusal(index.ask(method, absent)), method).toBe('404 RecordNotFound')
  })

  test('shows what the metainfo proved, who serves it, and a magnet link', async () => {
    const { torrents } = await index.ask<schemas.getTorrent.$OutputBody>('getTorrent', {
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
    expect(view?.webseeds).toMatchObject([
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

  test('listTorrents filters by dataset and by author', async () => {
    const uris = async (params: Record<string, string>) =>
      (await index.ask<schemas.listTorrents.$OutputBody>('listTorrents', params)).torrents.map(
        (view) => view.uri,
      )
    expect(await uris({ dataset: ice })).toEqual([uriOf(alice, 'torrent', 'ice')])
    expect(await uris({ author: bob })).toContain(uriOf(bob, 'torrent', 'same'))
    expect(await uris({ author: bob, dataset: ice })).toEqual([])
  })

  test('getTorrentFiles pages through the files in the order of the metainfo', async () => {
    const first = await index.ask<schemas.getTorrentFiles.$OutputBody>('getTorrentFiles', {
      infoHash: torrent.infoHashV1,
      limit: 5,
    })
    expect(first).toMatchObject({
      fileCount: 12,
      truncated: false,
      files: [{ path: files[0], sizeBytes: 100, index: 0 }, {}, {}, {}, {}],
    })
    const next = await index.ask<schemas.getTorrentFiles.$OutputBody>('getTorrentFiles', {
      infoHash: torrent.infoHashV1,
      cursor: first.cursor,
    })
    expect([...first.files, ...next.files].map((file) => file.path)).toEqual(files)
    const some = await index.ask<schemas.getTorrentFiles.$OutputBody>('getTorrentFiles', {
      infoHash: torrent.infoHashV1,
      pathPrefix: 'monthly/extent-1',
    })
    expect(some.files.map((file) => file.path)).toEqual(files.slice(9))
    expect(await refusal(index.ask('getTorrentFiles', { uri: uriOf(alice, 'torrent', 'late') }))).toBe(
      '404 MetainfoUnavailable',
    )
  })

  test('getMetainfo adds our trackers and verified webseeds, and keeps the infohash', async () => {
    const bytes = await metainfoOf({ infoHash: torrent.infoHashV1 })
    const served = parseMetainfo(bytes)
    expect(served.infoHashV1).toBe(torrent.infoHashV1)
    expect(served.trackers.map(({ url, tier }) => [url, tier])).toEqual([
      [trackers[0], 0],
      [trackers[1], 0],
      ['udp://record.example.net:1/announce', 1],
      ['http://author.example.net/announce', 1],
    ])
    expect(served.webseeds.map(({ url }) => url)).toEqual([
      'https://mirror.example.org/',
      'https://bob.example.net/ice/',
    ])
    expect(served.comment).toContain('monthly extents')
    expect(served.comment).toContain(`https://bob.example.net/ice/ (${bob})`)
    const own = parseMetainfo(await metainfoOf({ infoHash: torrent.infoHashV1, thirdPartyWebseeds: 'false' }))
    expect(own.webseeds.map(({ url }) => url)).toEqual(['https://mirror.example.org/'])
    expect(own.comment).toBe('monthly extents')
    expect(await metainfoOf({ infoHash: torrent.infoHashV1, original: 'true' })).toEqual(
      Buffer.from(torrent.bytes),
    )
  })

  test('serves a private torrent unchanged, and names no tracker of ours in its magnet link', async () => {
    expect(await metainfoOf({ infoHash: secret.infoHashV1 })).toEqual(Buffer.from(secret.bytes))
    const { torrents } = await index.ask<schemas.getTorrent.$OutputBody>('getTorrent', {
      infoHash: secret.infoHashV1,
    })
    expect(torrents[0]?.magnet).not.toContain('tr=')
  })

  test('listInfoHashes lists exactly the verified content, in pages by key', async () => {
    const first = await index.ask<schemas.listInfoHashes.$OutputBody>('listInfoHashes', { limit: 1 })
    const second = await index.ask<schemas.listInfoHashes.$OutputBody>('listInfoHashes', {
      limit: 1,
      cursor: first.cursor,
    })
    expect([...first.infoHashes, ...second.infoHashes].map((entry) => entry.infoHashV1).sort()).toEqual(
      [torrent.infoHashV1, secret.infoHashV1].sort(),
    )
    expect(second.cursor).toBeUndefined()
    expect(first).toMatchObject({ seq: 2, epoch: expect.any(String) })
  })

  async function metainfoOf(params: Record<string, string>): Promise<Buffer> {
    const response = await fetch(`${index.url}/xrpc/${methods.getMetainfo}?${new URLSearchParams(params)}`)
    expect(response.headers.get('content-type')).toBe('application/x-bittorrent')
    expect(response.headers.get('content-disposition')).toMatch(/^attachment; filename="/)
    return Buffer.from(await response.arrayBuffer())
  }
})

function base32(hex: string): string {
  let bits = BigInt(`0x${hex}`)
  let text = ''
  for (let i = 0; i < 32; i++, bits >>= 5n)
    text = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'[Number(bits & 31n)] + text
  return text
}
