/**
 * Reads a URL of `HOLDFAST_REDIS_URL`.
 * @throws Error that says what is expected
 */
export function readRedisUrl(url: string) {
  const match =
    /^redis(s)?(?:-(sentinel|cluster))?:\/\/(?:([^:@/]*)(?::([^@/]*))?@)?([^/]+)(?:\/(.*))?$/.exec(url)
  const nodes = (match?.[5] ?? '').split(',').map((node) => {
    const [, host, port] = /^(\[[^\]]+\]|[^:]+)(?::(\d+))?$/.exec(node.trim()) ?? []
    return { host: (host ?? '').replace(/^\[|\]$/g, ''), port: Number(port ?? 6379) }
  })
  const kind = (match?.[2] ?? 'single') as 'single' | 'sentinel' | 'cluster'
  const name = match?.[6] ?? ''
  const wrong =
    match === null || nodes.some((node) => node.host === '') || (kind === 'sentinel' && name === '')
  if (wrong || (kind === 'single' && nodes.length > 1)) {
    throw new Error(
      'expected redis://host:port, rediss://…, redis-sentinel://host:port,host:port/name or redis-cluster://host:port,host:port',
    )
  }
  const [username, password] = [match[3], match[4]].map((part) => decodeURIComponent(part ?? ''))
  return { kind, secure: match[1] !== undefined, username: username!, password: password!, nodes, name }
}
