import { runCommand } from '@holdfast/appview/command-line'
import { loadConfig } from '@holdfast/appview/config'
import { type AppView, startAppView } from '@holdfast/appview/main'
import { createScratchDatabase } from '@holdfast/appview/testing/backends'
import { methods } from '@holdfast/lexicons/nsid'
import { pino } from 'pino'
import postgres from 'postgres'
import { expect, test } from 'vitest'
import { type Network, startNetwork } from '../network/network.ts'
import { waitFor } from '../network/wait-for.ts'
import { environmentFor } from '../system/environment.ts'
import { putRecord } from '../system/publish.ts'
import { databaseUrl, needs } from '../system/requirements.ts'
import { query } from '../system/xrpc.ts'

const able = needs('processes with some of the roles', 'PostgreSQL')

test.skipIf(!able)('an API process finds what another process indexes, and holds no lock', async () => {
  await using network = await startNetwork({ pdsCount: 1 })
  await using database = await createScratchDatabase(databaseUrl())
  expect(await runCommand(['migrate'], { HOLDFAST_DATABASE_URL: database.url })).toBe(0)
  await using api = await startRoles('api', { network, databaseUrl: database.url })
  const sql = postgres(database.url, { max: 1 })
  const locks = await sql`
    SELECT FROM pg_locks WHERE locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())`
  await sql.end()
  expect(locks).toHaveLength(0)
  expect(api.ingest.leading).toBe(false)
  await using worker = await startRoles('ingest,swarms', { network, databaseUrl: database.url })
  await waitFor(() => worker.ingest.leading, { what: 'the other process to follow the network' })
  const record = { title: 'Sea ice' }
  const uri = await putRecord(network.accounts[0]!, { collection: 'dataset', rkey: 'ice', record })
  await waitFor(() => query(api.url, 'getDataset', { uri }), { what: 'the dataset at the API process' })
  const health = (await (await fetch(`${api.url}/health`)).json()) as { ingest: { connected: boolean }[] }
  await waitFor(async () => (await api.ingest.status()).hosts[0]?.connected, { what: 'the lag of the other' })
  expect(health.ingest).toHaveLength(1)
})

test.skipIf(!able)('a process without the API serves its health and metrics, and nothing else', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 0 })
  await using database = await createScratchDatabase(databaseUrl())
  await runCommand(['migrate'], { HOLDFAST_DATABASE_URL: database.url })
  await using worker = await startRoles('swarms', { network, databaseUrl: database.url })
  const statusOf = async (path: string) => (await fetch(worker.url + path)).status
  expect(await statusOf('/health/ready')).toBe(200)
  expect(await statusOf('/metrics')).toBe(200)
  for (const path of ['/', `/xrpc/${methods.getStats}`, '/.well-known/did.json', '/oai'])
    expect(await statusOf(path), path).toBe(404)
})

test.skipIf(!able)('a process with some of the roles refuses a database that lacks migrations', async () => {
  await using network = await startNetwork({ pdsCount: 1, accounts: 0 })
  await using database = await createScratchDatabase(databaseUrl())
  const parts = { network, databaseUrl: database.url }
  await expect(startRoles('api', parts)).rejects.toThrow('Run holdfast-appview migrate')
  await using all = await startRoles('api,ingest,swarms', parts)
  await using api = await startRoles('api', parts)
  expect((await fetch(`${api.url}/health/ready`)).status).toBe(200)
  expect(all.catalog.kind).toBe('postgres')
})

async function startRoles(roles: string, parts: { network: Network; databaseUrl: string }): Promise<AppView> {
  const { network, databaseUrl } = parts
  const env = await environmentFor(network, {
    sources: [network.relayUrl],
    directory: '/nonexistent',
    databaseUrl,
  })
  return startAppView(loadConfig({ ...env, HOLDFAST_ROLES: roles, HOLDFAST_PORT: '0' }), {
    log: pino({ level: 'silent' }),
  })
}
