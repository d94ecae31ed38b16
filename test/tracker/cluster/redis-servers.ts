import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { waitFor } from '../../network/wait-for.ts'
import { scratchDirectory } from '../../system/scratch.ts'

/** A Redis for this test that stores nothing on disk, unless `settings` say otherwise. */
export async function startRedis(settings: readonly string[] = []): Promise<RedisServer> {
  const scratch = await scratchDirectory()
  const port = await freePort()
  const quiet = ['--save', '', '--appendonly', 'no', '--bind', '127.0.0.1', '--dir', scratch.path]
  const spawned = () =>
    spawn('redis-server', ['--port', String(port), ...quiet, ...settings], { stdio: 'ignore' })
  let child = spawned()
  const client = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null })
  client.on('error', () => {})
  await client.ping()
  const stop = async (): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    child.kill('SIGKILL')
    await once(child, 'exit')
  }
  return {
    port,
    client,
    stop,
    pause() {
      child.kill('SIGSTOP')
      return { [Symbol.asyncDispose]: async () => void child.kill('SIGCONT') }
    },
    async restart() {
      child = spawned()
      await client.ping()
    },
    async [Symbol.asyncDispose]() {
      client.disconnect()
      await stop()
      await scratch[Symbol.asyncDispose]()
    },
  }
}

export type RedisServer = AsyncDisposable & {
  readonly port: number
  readonly client: Redis
  stop(): Promise<void>
  /** Stops answering until disposed of, without closing connections. */
  pause(): AsyncDisposable
  restart(): Promise<void>
}

/** Three masters with a replica each. */
export async function startRedisCluster(): Promise<
  AsyncDisposable & { servers: RedisServer[]; url: string }
> {
  await using stack = new AsyncDisposableStack()
  const settings = ['--cluster-enabled', 'yes', '--cluster-node-timeout', '1500']
  const servers: RedisServer[] = []
  for (let number = 0; number < 6; number++)
    servers.push(stack.use(await startRedis([...settings, ...diskless])))
  const [first] = servers
  for (const [number, { client }] of servers.entries()) {
    await client.call('CLUSTER', 'SET-CONFIG-EPOCH', number + 1)
    const [from, to] = [Math.floor((16_384 * number) / 3), Math.floor((16_384 * (number + 1)) / 3) - 1]
    if (number < 3) await client.call('CLUSTER', 'ADDSLOTSRANGE', from, to)
  }
  for (const { client } of servers.slice(1)) await client.cluster('MEET', '127.0.0.1', first!.port)
  const info = async (server: RedisServer): Promise<string> => String(await server.client.cluster('INFO'))
  const all = (test: (info: string) => boolean) => async () =>
    (await Promise.all(servers.map(info))).every(test)
  await waitFor(
    all((text) => text.includes('cluster_known_nodes:6')),
    { what: 'six Redis nodes to meet' },
  )
  for (const [number, { client }] of servers.slice(3).entries()) {
    await client.cluster('REPLICATE', String(await servers[number]!.client.cluster('MYID')))
  }
  await waitFor(
    all((text) => text.includes('cluster_state:ok')),
    { what: 'the Redis cluster' },
  )
  for (const { client } of servers.slice(3)) {
    await waitFor(async () => (await client.info('replication')).includes('master_link_status:up'), {
      what: 'a replica in step with its master',
    })
  }
  const moved = stack.move()
  return {
    servers,
    url: `redis-cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

/** A master with a replica, and a Sentinel that promotes the replica if the master fails. */
export async function startRedisSentinel(): Promise<
  AsyncDisposable & { master: RedisServer; replica: RedisServer; url: string }
> {
  await using stack = new AsyncDisposableStack()
  const master = stack.use(await startRedis(diskless))
  const replica = stack.use(await startRedis([...diskless, '--replicaof', '127.0.0.1', String(master.port)]))
  await waitFor(async () => (await replica.client.info('replication')).includes('master_link_status:up'), {
    what: 'the replica in step with its master',
  })
  const scratch = stack.use(await scratchDirectory())
  const port = await freePort()
  const file = join(scratch.path, 'sentinel.conf')
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${scratch.path}`,
    `sentinel monitor swarms 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds swarms 1000',
    'sentinel failover-timeout swarms 5000',
  ]
  await writeFile(file, `${settings.join('\n')}\n`)
  const child = spawn('redis-server', [file, '--sentinel'], { stdio: 'ignore' })
  stack.defer(async () => {
    if (child.kill('SIGKILL')) await once(child, 'exit')
  })
  const sentinel = new Redis({ port, retryStrategy: () => 50, maxRetriesPerRequest: null })
  stack.defer(() => sentinel.disconnect())
  sentinel.on('error', () => {})
  await waitFor(async () => /status=ok,.*slaves=1/.test(await sentinel.info('sentinel')), {
    what: 'the Sentinel to know both',
  })
  const moved = stack.move()
  return {
    master,
    replica,
    url: `redis-sentinel://127.0.0.1:${port}/swarms`,
    [Symbol.asyncDispose]: () => moved.disposeAsync(),
  }
}

/** Settings for replicas that receive their first copy without using a disk. */
const diskless = ['--repl-diskless-load', 'on-empty-db', '--repl-diskless-sync', 'yes'].concat(
  '--repl-diskless-sync-delay',
  '0',
)

async function freePort(): Promise<number> {
  const server = createServer()
  // A cluster node listens on its port and on the port 10,000 above it; both are below those that the system assigns.
  server.listen(12_000 + Math.floor(Math.random() * 10_000), '127.0.0.1')
  const free = await Promise.race([
    once(server, 'listening').then(() => true),
    once(server, 'error').then(() => false),
  ])
  if (!free) return freePort()
  const { port } = server.address() as { port: number }
  server.close()
  await once(server, 'close')
  return port
}
