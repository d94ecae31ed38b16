import { connectRedis, type RedisClient } from '@holdfast/runtime/connect-redis'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { Cluster, type Redis } from 'ioredis'

/**
 * Connects to the servers that `HOLDFAST_REDIS_URL` names. A command that cannot be sent fails at once, and its caller
 * retries it.
 */
export function openRedis(url: string): RedisClient {
  return connectRedis(url, {
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 3000,
    commandTimeout: 3000,
    retryStrategy: (attempt: number) => Math.min(2000, attempt * 100),
  })
}

/** A Redis that would write peer addresses to its disk. */
export class PersistentRedisError extends OperatorError {
  override readonly name = 'PersistentRedisError'
}

/**
 * Checks that no server of `client` writes its data to disk.
 * @throws PersistentRedisError, whose message says which setting to change
 */
export async function refusePersistence(client: RedisClient): Promise<void> {
  const servers = client instanceof Cluster ? client.nodes('all') : [client]
  for (const server of servers) {
    const problem = await persistence(server)
    if (problem === undefined) continue
    throw new PersistentRedisError(
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
