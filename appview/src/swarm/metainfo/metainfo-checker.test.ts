import { expect, test } from 'vitest'
import { makeTorrent } from '../../catalog/test-publishing.ts'
import { createMetainfoChecker } from './metainfo-checker.ts'

const limits = { indexedFiles: 10, maxFiles: 100, allowPrivateHosts: false }

/** A `.torrent` of more than a million bytes: what is padded is outside `info`, where nobody looks. */
function largeTorrent() {
  const { infoHashV1, bytes } = makeTorrent('ice.csv', Buffer.alloc(40_000, 7))
  const padding = Buffer.concat([Buffer.from('4:zzzz1200000:'), Buffer.alloc(1_200_000, 0x61)])
  return { infoHashV1, bytes: Buffer.concat([bytes.subarray(0, -1), padding, Buffer.from('e')]) }
}

test('a large file is checked in a thread, with the same verdict, while others are served', async () => {
  const check = createMetainfoChecker({ signal: new AbortController().signal })
  const { infoHashV1, bytes } = largeTorrent()
  let turns = 0
  const ticking = setInterval(() => turns++, 1)
  const claims = { name: 'ice.csv', infoHashV1 }
  const verdicts = await Promise.all([1, 2, 3].map(() => check({ bytes, claims, limits })))
  clearInterval(ticking)
  for (const verdict of verdicts)
    expect(verdict).toMatchObject({ ok: true, facts: { infoHashV1, fileCount: 1 } })
  expect(turns).toBeGreaterThan(0)
  expect(await check({ bytes, claims: { ...claims, infoHashV1: 'f'.repeat(40) }, limits })).toMatchObject({
    ok: false,
    reason: 'infohash-mismatch',
  })
})

test('stopping ends the thread', async () => {
  const stop = new AbortController()
  const check = createMetainfoChecker({ signal: stop.signal })
  const checking = check({ bytes: largeTorrent().bytes, claims: { name: 'ice.csv' }, limits })
  stop.abort(new Error('stopped'))
  await expect(checking).rejects.toThrow('stopped')
})
