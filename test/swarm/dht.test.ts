import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'

const able = needs('a DHT of libtorrent', 'network namespaces', 'libtorrent')

test.skipIf(!able)('counts seeders and leechers of infohashes in a DHT of libtorrent nodes', async () => {
  await using scratch = await scratchDirectory()
  const script = fileURLToPath(new URL('dht/look-up.ts', import.meta.url))
  const { stdout } = await promisify(execFile)('unshare', ['-n', process.execPath, script, scratch.path], {
    timeout: 60_000,
  })
  const held = { tracker: 'dht:mainline', seeders: 3, leechers: 2 }
  expect(JSON.parse(stdout)).toEqual({
    v1: held,
    v2: held,
    hybrid: held,
    lonely: { tracker: 'dht:mainline', seeders: 0, leechers: 0 },
  })
})
