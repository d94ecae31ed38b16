import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'
import { realClients } from '../tracker/real-clients/clients.ts'

const namespace = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0
const needed = realClients.filter(({ name }) => ['libtorrent', 'qbittorrent', 'transmission'].includes(name))
const missing = needed.filter((client) => !client.installed()).map(({ name }) => name)

test('qBittorrent follows a feed of endangered datasets by a rule and a Torznab search, transmission is handed its enclosure, and both fetch the file', {
  timeout: 200_000,
}, async (context) => {
  if (!namespace || missing.length > 0) {
    const reason = namespace ? `${missing.join(', ')} not installed` : 'no network namespace here'
    console.log(`left out: ${reason}`)
    expect(process.env.CI, reason).not.toBe('true')
    context.skip()
  }
  await using scratch = await scratchDirectory()
  const script = fileURLToPath(new URL('real-clients/follow.ts', import.meta.url))
  const args = ['-n', process.execPath, script, scratch.path]
  const { stdout } = await promisify(execFile)('unshare', args, { timeout: 180_000 })
  expect(JSON.parse(stdout)).toEqual({
    // The rule asks for ice: the other dataset of the feed stays where it is.
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
})
