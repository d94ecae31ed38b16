import { Cluster, type CommonRedisOptions, Redis } from 'ioredis'
import { parseRedisUrl } from './redis-url.ts'

/** A client for a single server, one found through Sentinels, or a cluster, of Redis or Valkey. */
export type RedisClient = Redis | Cluster

/**
 * Connects to the servers that a `HOLDFAST_REDIS_URL` names, and keeps reconnecting. User, password and TLS apply to
 * every server; Sentinels are contacted with the same TLS and without a password.
 */
export function connectRedis(url: string, options: CommonRedisOptions): RedisClient {
  const { kind, isEncrypted, username, password, nodes, masterName, database } = parseRedisUrl(url)
  const server = {
    ...options,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(isEncrypted && { tls: {} }),
  }
  if (kind === 'single') return new Redis({ ...server, ...nodes[0]!, db: database })
  if (kind === 'cluster') {
    return new Cluster([...nodes], {
      redisOptions: server,
      enableOfflineQueue: options.enableOfflineQueue ?? true,
      retryDelayOnFailover: 200,
      clusterRetryStrategy: (attempt) => Math.min(2_000, attempt * 100),
      slotsRefreshInterval: 5_000,
    })
  }
  // Without these options, ioredis ignores `tls` for servers that Sentinels name.
  const encrypted = isEncrypted && { enableTLSForSentinelMode: true, sentinelTLS: {} }
  return new Redis({ ...server, ...encrypted, sentinels: [...nodes], name: masterName })
}
