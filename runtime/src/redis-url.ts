/** The parts of a `HOLDFAST_REDIS_URL`, which every program parses alike. */
export interface RedisAddress {
  readonly kind: 'single' | 'sentinel' | 'cluster'
  readonly isEncrypted: boolean
  readonly username: string | undefined
  readonly password: string | undefined
  readonly nodes: readonly { readonly host: string; readonly port: number }[]
  /** The name of the master that the Sentinels watch. */
  readonly masterName: string
  readonly database: number
}

const expected =
  'write redis://user:password@host:port/database, redis-sentinel://host:port,host:port/name or redis-cluster://host:port,host:port; with rediss for TLS'

/**
 * Reads `redis://[user:password@]host:port[/database]`, `redis-sentinel://[…@]host:port,host:port/name` or
 * `redis-cluster://[…@]host:port,host:port`; each beginning with `rediss` for TLS.
 *
 * @throws Error that says what to write.
 */
export function parseRedisUrl(text: string): RedisAddress {
  const [, tls, kind = 'single', userinfo = '', hosts = '', path = ''] =
    /^redis(s)?(?:-(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^/?#]*))?$/.exec(text) ?? []
  const nodes = hosts.split(',').map((node) => parseNode(node, kind === 'sentinel' ? 26_379 : 6_379))
  const isWhole = nodes.every((node) => node !== undefined)
  const isPath = kind === 'sentinel' || (kind === 'cluster' ? path === '' : /^\d{0,5}$/.test(path))
  if (!isWhole || !isPath || (kind === 'single' && nodes.length > 1)) throw new Error(expected)
  const colon = userinfo.indexOf(':')
  const [username, password] =
    colon < 0 ? [userinfo, ''] : [userinfo.slice(0, colon), userinfo.slice(colon + 1)]
  return {
    kind: kind as RedisAddress['kind'],
    isEncrypted: tls !== undefined,
    username: decoded(username) || undefined,
    password: decoded(password) || undefined,
    nodes,
    masterName: kind === 'sentinel' ? decoded(path) || 'mymaster' : '',
    database: kind === 'single' ? Number(path) : 0,
  }
}

/** Checks the text and returns it unchanged, for settings that are stored as they were written. */
export function redisUrl(text: string): string {
  parseRedisUrl(text)
  return text
}

function parseNode(text: string, defaultPort: number): { host: string; port: number } | undefined {
  const [, bracketed, name, port] = /^(?:\[([\da-f:.]+)\]|([^[\]:\s]+))(?::(\d{1,5}))?$/i.exec(text) ?? []
  const host = bracketed ?? name
  const number = port === undefined ? defaultPort : Number(port)
  return host === undefined || number < 1 || number > 65_535 ? undefined : { host, port: number }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch (cause) {
    throw new Error('write % in a user or password as %25, @ as %40, / as %2F', { cause })
  }
}
