import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { slowness } from '../system/slowness.ts'

const clients = ['libtorrent', 'qbittorrent-nox', 'transmission-daemon', 'transmission-remote'] as const
const able = needs('BitTorrent clients that follow our feeds', 'network namespaces', ...clients)

test.skipIf(!able)(
  'qBittorrent and transmission download what a feed and a Torznab search name',
  async () => {
    await using scratch = await scratchDirectory()
    const script = fileURLToPath(new URL('real-clients/follow.ts', import.meta.url))
    const args = ['-n', process.execPath, script, scratch.path]
    const { stdout } = await promisify(execFile)('unshare', args, {
      timeout: Math.round(55_000 * slowness()),
    })
    expect(JSON.parse(stdout)).toEqual({
      // The rule matches ice, so the other dataset of the feed is not downloaded.
      qbittorrent: {
        articles: ['About sea-ice.bin', 'About volcanoes.bin'],
        torznab: {
          title: 'volcanoes.bin',
          torrentURL: expect.stringMatching(/^http:\/\/10\.77\.0\.1:3000\/torrent\/[0-9a-f]{40}\.torrent$/),
        },
        fetched: ['sea-ice.bin'],
      },
      transmission: { fetched: ['sea-ice.bin'] },
    })
  },
)
