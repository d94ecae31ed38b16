import { Cluster, Redis } from 'ioredis'
import { readRedisUrl } from './redis-url.ts'

/** A single Redis, one that Sentinels name, or a cluster; Redis or Valkey. */
export type RedisClient = Redis | Cluster

/**
 * Connects to what `url` says: `redis://` or `rediss://` (one server), `redis-sentinel://host:port,host:port/name`
 * or `redis-cluster://host:port,host:port`; user, password and `rediss-…` as usual. Keeps reconnecting.
 */
export function connectRedis(url: string): RedisClient {
  const { kind, secure, username, password, nodes, name } = readRedisUrl(url)
  const options = {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(secure ? { tls: {} } : {}),
    // A command that cannot be sent now is tried again by whoever made it.
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 3000,
    commandTimeout: 3000,
    retryStrategy: (attempt: number) => Math.min(2000, attempt * 100),
  }
  if (kind === 'single') return new Redis({ ...options, ...nodes[0]!, db: Number(name) || 0 })
  if (kind === 'sentinel') return new Redis({ ...options, sentinels: nodes, name })
  return new Cluster(nodes, {
    redisOptions: options,
    enableOfflineQueue: false,
    retryDelayOnFailover: 200,
    clusterRetryStrategy: (attempt) => Math.min(2000, attempt * 100),
    slotsRefreshInterval: 5000,
  })
}

/** A Redis that would write peer addresses to its disk. */
export class PersistentRedis extends Error {
  override readonly name = 'PersistentRedis'
}

/**
 * Makes sure that no server of `client` writes what it is given to disk.
 * @throws PersistentRedis that says which setting to change
 */
export async function refusePersistence(client: RedisClient): Promise<void> {
  const servers = client instanceof Cluster ? client.nodes('all') : [client]
  for (const server of servers) {
    const problem = await persistence(server)
    if (problem === undefined) continue
    throw new PersistentRedis(
      `${problem}, and peer addresses must not reach a disk: set save "" and appendonly no, or HOLDFAST_REDIS_ALLOW_PERSISTENCE=true if you mean it`,
    )
  }
}

async function persistence(server: Redis): Promise<string | undefined> {
  const setting = async (name: string): Promise<string | undefined> =>
    ((await server.config('GET', name)) as string[])[1]
  try {
    if ((await setting('appendonly')) === 'yes') return 'this Redis keeps an append-only file'
    const save = await setting('save')
    return save === '' ? undefined : `this Redis saves snapshots (save ${save})`
  } catch (error) {
    if (!/unknown command|NOPERM|not allowed/i.test((error as Error).message)) throw error
    return 'this Redis does not say whether it saves to disk (CONFIG GET is refused)'
  }
}
