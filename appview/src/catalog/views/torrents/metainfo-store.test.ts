import { monitorEventLoopDelay } from 'node:perf_hooks'
import { parseMetainfo } from '@holdfast/torrent/metainfo'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { testBackends } from '../../../../testing/backends.ts'
import { makeTorrent, putTorrent } from '../../../../testing/publishing.ts'
import type { Catalog } from '../../../store/open.ts'
import { metainfoStoreOf } from './metainfo-store.ts'

const plan = { operators: ['udp://a.example:1'], trackers: [], warnings: [], webseeds: [], others: [] }

/** A file of 9 MB with a small torrent; most of it is outside `info`. */
function largeFile() {
  const { infoHashV1, bytes } = makeTorrent('ice.csv', Buffer.alloc(40_000, 7))
  const padding = Buffer.concat([Buffer.from('4:zzzz9000000:'), Buffer.alloc(9_000_000, 'abcdefg')])
  return { infoHashV1, bytes: Buffer.concat([bytes.subarray(0, -1), padding, Buffer.from('e')]) }
}

describe.each(testBackends())('serving metainfo from $name', ({ open }) => {
  let catalog: Catalog
  const large = largeFile()
  beforeAll(async () => {
    catalog = await open()
    await putTorrent(catalog, 'large', large)
  })
  afterAll(() => catalog[Symbol.asyncDispose]())

  test('three readers of a file of 9 MB do not delay other requests', async () => {
    const store = metainfoStoreOf(catalog.db)
    await store.read('nothing')
    const delay = monitorEventLoopDelay({ resolution: 5 })
    delay.enable()
    const read = await Promise.all([
      store.read('blob-large', plan),
      store.read('blob-large', { ...plan, operators: ['udp://b.example:1'] }),
      store.read('blob-large'),
    ])
    delay.disable()
    expect(parseMetainfo(read[0]!).trackers.map(({ url }) => url)).toEqual(['udp://a.example:1'])
    expect(parseMetainfo(read[1]!).infoHashV1).toBe(large.infoHashV1)
    expect(Buffer.compare(read[2]!, large.bytes)).toBe(0)
    // Reading and parsing everything at once takes seconds, and a slice at most 30 ms; the rest is for a busy machine.
    expect(delay.max / 1e6).toBeLessThan(1_000)
  })

  test('makes a .torrent once for all who ask at the same time', async () => {
    const store = metainfoStoreOf(catalog.db)
    const asked = { ...plan, operators: ['udp://c.example:1'] }
    const [one, two] = await Promise.all([store.read('blob-large', asked), store.read('blob-large', asked)])
    expect(two).toBe(one)
    expect(await store.read('blob-large', asked)).toBe(one)
  })

  test('returns undefined for a torrent without metainfo', async () => {
    expect(await metainfoStoreOf(catalog.db).read('gone', plan)).toBeUndefined()
  })
})
