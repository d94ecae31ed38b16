import { execFile, spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'
import { realClients, routes } from './real-clients/clients.ts'

const namespace = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0
const [seeder] = realClients
const able = namespace && seeder!.installed()

for (const client of realClients) {
  const here = able && client.installed()
  test(`${client.name} fetches a file through the tracker by HTTP and UDP, IPv4 and IPv6`, async (context) => {
    if (!here) {
      const reason = namespace ? `${client.name} or libtorrent is not installed` : 'no network namespace here'
      console.log(`left out: ${reason}`)
      if (!client.optional) expect(process.env.CI, reason).not.toBe('true')
      context.skip()
    }
    await using scratch = await scratchDirectory()
    const script = fileURLToPath(new URL('real-clients/exchange.ts', import.meta.url))
    const args = ['-n', process.execPath, script, scratch.path, client.name]
    const { stdout } = await promisify(execFile)('unshare', args, { timeout: 120_000 })
    const fetched = (JSON.parse(stdout) as { routes: Record<string, number> }).routes
    const expected = routes.filter((route) => client.lacks[route] === undefined)
    expect(Object.keys(fetched).sort()).toEqual([...expected].sort())
  }, 150_000)
}
