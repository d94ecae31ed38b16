import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'

const hasNamespace = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0
const hasLibtorrent = spawnSync('/usr/bin/python3', ['-c', 'import libtorrent']).status === 0

test('in a DHT of libtorrent’s, seeders and leechers of v1, v2 and hybrid torrents are counted by name', {
  timeout: 120_000,
}, async (context) => {
  if (!hasNamespace || !hasLibtorrent) {
    const reason = hasNamespace ? 'python3-libtorrent is not installed' : 'no network namespace here'
    console.log(`left out: ${reason}`)
    expect(process.env.CI, reason).not.toBe('true')
    context.skip()
  }
  await using scratch = await scratchDirectory()
  const script = fileURLToPath(new URL('dht/look-up.ts', import.meta.url))
  const { stdout } = await promisify(execFile)('unshare', ['-n', process.execPath, script, scratch.path], {
    timeout: 110_000,
  })
  const held = { tracker: 'dht:mainline', seeders: 3, leechers: 2 }
  expect(JSON.parse(stdout)).toEqual({
    v1: held,
    v2: held,
    hybrid: held,
    lonely: { tracker: 'dht:mainline', seeders: 0, leechers: 0 },
  })
})
