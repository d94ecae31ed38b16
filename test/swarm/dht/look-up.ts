/**
 * Runs inside a network namespace of its own: look-up.ts FOLDER makes torrents, starts a DHT of libtorrent nodes that
 * announce them, and has an AppView watch them. It prints one JSON line: what the AppView records about the DHT, by the
 * name of the torrent.
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { applyAdmissionPolicy } from '@holdfast/appview/catalog/admission-policy'
import { dhtSource, swarmKey } from '@holdfast/appview/catalog/swarms/contents'
import { createGuardedFetch } from '@holdfast/appview/outbound/guarded-fetch'
import { openCatalog } from '@holdfast/appview/store/open'
import { rows } from '@holdfast/appview/store/sql'
import { startSwarmHealth } from '@holdfast/appview/swarm/swarm-health'
import { putTorrent } from '@holdfast/appview/testing/publishing'
import { createTorrent } from '@holdfast/torrent/create'
import { sql } from 'drizzle-orm'
import { pino } from 'pino'
import { waitFor } from '../../network/wait-for.ts'

const folder = process.argv[2]!
const [nodes, seeders, leechers] = [10, 3, 2]

// libtorrent does not use its DHT on the loopback; a pair of virtual interfaces looks like a real network to it.
execFileSync('ip', ['link', 'set', 'lo', 'up'])
execFileSync('ip', ['link', 'add', 'dht0', 'type', 'veth', 'peer', 'name', 'dht1'])
for (const name of ['dht0', 'dht1']) execFileSync('ip', ['link', 'set', name, 'up'])
for (let number = 1; number <= nodes + seeders + leechers; number++)
  execFileSync('ip', ['addr', 'add', `10.77.0.${number}/16`, 'dev', 'dht0'])
execFileSync('ip', ['route', 'add', 'default', 'via', '10.77.255.254', 'dev', 'dht0'])

await mkdir(path.join(folder, 'none'))
const versions = ['v1', 'v2', 'hybrid'] as const
const shared = await Promise.all(
  versions.map(async (version) => {
    const file = path.join(folder, `${version}.bin`)
    await writeFile(file, randomBytes(50_000))
    const torrent = await createTorrent(file, { version, pieceLengthBytes: 16_384 })
    await writeFile(path.join(folder, `${version}.torrent`), torrent.metainfo)
    return { name: version, infoHashV1: torrent.infoHashV1, infoHashV2: torrent.infoHashV2 }
  }),
)
const lonely = { name: 'lonely', infoHashV1: randomBytes(20).toString('hex'), infoHashV2: null }

const script = fileURLToPath(new URL('dht-network.py', import.meta.url))
const files = versions.map((version) => path.join(folder, `${version}.torrent`))
const counts = [nodes, seeders, leechers].map(String)
const network = spawn('/usr/bin/python3', [script, folder, ...counts, ...files], { stdio: 'inherit' })
process.on('exit', () => network.kill('SIGKILL'))
process.on('SIGTERM', () => process.exit(1))

await using catalog = await openCatalog()
await applyAdmissionPolicy(catalog.db, 'open')
for (const { name, infoHashV1, infoHashV2 } of [...shared, lonely])
  await putTorrent(catalog, name, {
    ...(infoHashV1 && { infoHashV1 }),
    ...(infoHashV2 && { infoHashV2 }),
  })
await using _health = await startSwarmHealth({
  catalog,
  fetch: createGuardedFetch({ allowPrivateHosts: true }),
  trackers: [],
  dhtNodes: [{ host: '10.77.0.1', port: 51_001 }],
  allowPrivateHosts: true,
  log: pino({ level: 'silent' }),
  pace: { discoveryMs: 50, dueMs: 50, dhtGapMs: 50, dhtRecheckMs: 500, hostFailureMs: 100 },
})

const torrents = [...shared, lonely]
const noted = async () => {
  const found = await rows<{ key: string; tracker: string; seeders: number | null; leechers: number | null }>(
    catalog.db,
    sql`SELECT info_hash AS key, tracker, seeders, leechers FROM local.swarm`,
  )
  const nameOf = (key: string) => torrents.find((torrent) => swarmKey(torrent) === key)?.name ?? key
  return Object.fromEntries(found.map(({ key, ...counts }) => [nameOf(key), counts]))
}
await waitFor(
  async () => {
    const now = await noted()
    const isCounted = shared.every(
      ({ name }) => now[name]?.seeders === seeders && now[name].leechers === leechers,
    )
    return isCounted && now.lonely?.seeders === 0
  },
  { what: `${dhtSource} to tell of every torrent`, timeoutMs: 60_000 },
).catch((error) => console.error(error))
console.log(JSON.stringify(await noted()))
process.exit(0)
