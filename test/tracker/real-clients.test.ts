import { execFile, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { scratchDirectory } from '../system/scratch.ts'
import { realClients, routes } from './real-clients/clients.ts'

const fileOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const namespace = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0
const [seeder] = realClients
const able = namespace && seeder!.installed()

const built = await scratchDirectory()
const sockets = { dgram: path.join(built.path, 'none'), batch: path.join(built.path, 'batch.node') } as const
beforeAll(() => {
  spawnSync(process.execPath, [fileOf('../../tracker/native/build.mjs'), sockets.batch])
})
afterAll(() => built[Symbol.asyncDispose]())

// Each has a network of its own, and waits more than it works.
describe.concurrent('by HTTP and UDP, IPv4 and IPv6, through a tracker of several addresses', () => {
  for (const client of realClients) {
    for (const transport of ['dgram', 'batch'] as const) {
      test(`${client.name} fetches a file, ${transport}`, async (context) => {
        if (!able || !client.installed()) {
          const reason = namespace
            ? `${client.name} or libtorrent is not installed`
            : 'no network namespace here'
          console.log(`left out: ${reason}`)
          context.expect(process.env.CI, reason).not.toBe('true')
          context.skip()
        }
        await using scratch = await scratchDirectory()
        const args = [fileOf('real-clients/exchange.ts'), scratch.path, sockets[transport], client.name]
        const { stdout } = await promisify(execFile)('unshare', ['-n', process.execPath, ...args], {
          timeout: 240_000,
        })
        const fetched = JSON.parse(stdout) as { transport: string; routes: Record<string, number> }
        const expected = routes.filter((route) => client.lacks[route] === undefined)
        expect(Object.keys(fetched.routes).sort()).toEqual([...expected].sort())
        expect(fetched.transport).toBe(transport)
      }, 270_000)
    }
  }
})
