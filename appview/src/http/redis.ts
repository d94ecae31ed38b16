import { Cluster, Redis } from 'ioredis'

/**
 * Connects to what `HOLDFAST_REDIS_URL` names: one server, a cluster, or one found by sentinels
 * (`redis-sentinel://host:port,host:port/name`). Waits for nothing: commands fail while it cannot be reached.
 */
export function openRedis(url: string, onError: (error: unknown) => void): Redis {
  const options = { maxRetriesPerRequest: 1, enableOfflineQueue: false, connectionName: 'holdfast-appview' }
  const [, kind, hosts = '', name = 'mymaster'] =
    /^redis-(cluster|sentinel)(?:\+tls)?:\/\/([^/]+)(?:\/(.+))?$/.exec(url) ?? []
  const nodes = hosts.split(',').map((node) => {
    const { hostname, port } = new URL(`redis://${node}`)
    return { host: hostname, port: Number(port || (kind === 'sentinel' ? 26_379 : 6_379)) }
  })
  const redis =
    kind === 'cluster'
      ? (new Cluster(nodes, { redisOptions: options }) as unknown as Redis)
      : kind === 'sentinel'
        ? new Redis({ ...options, sentinels: nodes, name })
        : new Redis(url, options)
  redis.on('error', onError)
  return redis
}

/** Whether a text is such an address. */
export function redisUrl(text: string): string {
  if (!/^(?:rediss?|redis-sentinel|redis-cluster)(?:\+tls)?:\/\/[^\s]+$/.test(text))
    throw new Error(
      'write redis://host:port, rediss://…, redis-sentinel://host:port,host:port/name or redis-cluster://host:port,host:port',
    )
  return text
}
