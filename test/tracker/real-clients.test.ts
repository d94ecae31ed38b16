import { execFile, spawnSync } from 'node:child_process'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { needs } from '../system/requirements.ts'
import { scratchDirectory } from '../system/scratch.ts'
import { slowness } from '../system/slowness.ts'
import { realClients, routes } from './real-clients/clients.ts'

const fileOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url))
const built = await scratchDirectory()
const sockets = { dgram: path.join(built.path, 'none'), batch: path.join(built.path, 'batch.node') } as const
beforeAll(() => {
  spawnSync(process.execPath, [fileOf('../../tracker/native/build.mjs'), sockets.batch])
})
afterAll(() => built[Symbol.asyncDispose]())

// Each client has a network of its own and mostly waits.
describe.concurrent('downloads by HTTP and UDP, IPv4 and IPv6, through a tracker of several addresses', () => {
  for (const client of realClients) {
    for (const transport of ['dgram', 'batch'] as const) {
      // libtorrent seeds for each of them.
      const able = needs(
        `${client.name} through our tracker`,
        'network namespaces',
        'libtorrent',
        ...client.needs,
      )
      test.skipIf(!able)(`${client.name} downloads a file, ${transport}`, async (_context) => {
        await using scratch = await scratchDirectory()
        const args = [fileOf('real-clients/exchange.ts'), scratch.path, sockets[transport], client.name]
        const { stdout } = await promisify(execFile)('unshare', ['-n', process.execPath, ...args], {
          timeout: Math.round(55_000 * slowness()),
        })
        const fetched = JSON.parse(stdout) as { transport: string; routes: Record<string, number> }
        const expected = routes.filter((route) => client.lacks[route] === undefined)
        expect(Object.keys(fetched.routes).sort()).toEqual([...expected].sort())
        expect(fetched.transport).toBe(transport)
      })
    }
  }
})
