import { connectRedis, type RedisClient } from '@holdfast/runtime/connect-redis'
import { Cluster, type Redis } from 'ioredis'

/** How long Redis may take to answer before the connection is closed and opened again. */
const silenceMs = 500

/**
 * Connects to the Redis that `HOLDFAST_REDIS_URL` names, without waiting for it. Commands fail at once while it cannot be
 * reached, and within half a second when it stops answering.
 */
export function openRedis(url: string, onError: (error: unknown) => void): Redis {
  const options = {
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    connectionName: 'holdfast-appview',
    connectTimeout: 3_000,
    commandTimeout: silenceMs,
    // Close a connection that no longer answers, so that later commands do not wait for it as well.
    socketTimeout: silenceMs,
  }
  // A cluster answers the same commands.
  const redis = connectRedis(url, options) as Redis
  redis.on('error', onError)
  return redis
}

/** The setting that makes a Redis save its data to disk; undefined when there is none, or when it does not say. */
export async function persistenceOf(redis: RedisClient): Promise<string | undefined> {
  const servers = redis instanceof Cluster ? redis.nodes('master') : [redis]
  for (const server of servers) {
    const settings = await Promise.all(
      ['appendonly', 'save'].map((name) => server.config('GET', name) as Promise<string[]>),
    ).catch(() => [])
    const [appendOnly, save] = settings.map((setting) => setting[1])
    if (appendOnly === 'yes') return 'appendonly yes'
    if (save) return `save ${save}`
  }
  return undefined
}
