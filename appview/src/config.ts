import { isIP } from 'node:net'
import { totalmem } from 'node:os'
import { type Authorities, defaultAuthorities, parseAuthorities } from '@holdfast/lexicons/authority'
import type { AdmissionPolicy } from './catalog/visibility.ts'
import {
  durationMs,
  type EnvReader,
  flag,
  listOf,
  oneOf,
  port,
  readEnv,
  sizeBytes,
  urlOf,
  wholeNumber,
} from './env.ts'
import { redisUrl } from './http/redis.ts'

/** Where records come from: a relay or PDS whose every commit is proved, or a hint whose hits are fetched and proved. */
export interface SourceConfig {
  readonly kind: 'firehose' | 'jetstream'
  /** `ws://` or `wss://`. */
  readonly url: string
}

export interface AppViewConfig {
  readonly sources: readonly SourceConfig[]
  /** Whose reader follows the streams: ours, or the reference implementation of `@atproto/sync`. */
  readonly reader: 'ours' | 'reference'
  readonly plcUrl: string
  readonly dataDir: string
  /** PostgreSQL; without it PGlite in the data directory. */
  readonly databaseUrl: string | undefined
  /** 0 for any free port. */
  readonly port: number
  /** Without a trailing slash; undefined where it follows from the port that was taken. */
  readonly publicUrl: string | undefined
  readonly admission: AdmissionPolicy
  /** Without it the operator's methods are off. */
  readonly adminToken: string | undefined
  readonly allowPrivateHosts: boolean
  /** Announce URLs that are published and scraped: the operator's own, exempt from the address guard. */
  readonly trackers: readonly string[]
  /** Nodes by which to enter the mainline DHT; undefined where it is not to be asked. */
  readonly dhtNodes: readonly { readonly host: string; readonly port: number }[] | undefined
  /** What browsers that join swarms ask for their own address, so that they are reached behind routers. */
  readonly stunServers: readonly string[]
  readonly redisUrl: string | undefined
  /** Proxies whose `X-Forwarded-For` is believed, beside those on this machine: addresses or networks. */
  readonly trustedProxies: readonly string[]
  readonly authorities: Authorities
  readonly logLevel: LogLevel
  /** What the operator calls this server. */
  readonly name: string | undefined
  /** An address or URL for complaints. */
  readonly abuseContact: string | undefined
  readonly maxMetainfoBytes: number
  /** How long streams can be replayed. */
  readonly replayMs: number
  /** Live streams that may be open in all. */
  readonly maxStreams: number
  /** What the search index in memory may weigh; 0 for none. */
  readonly searchMemoryBytes: number
}

export type LogLevel = 'fatal' | 'error' | 'warn' | 'info' | 'debug' | 'trace' | 'silent'

/** Reads the AppView's configuration. @throws ConfigError that names every problem. */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): AppViewConfig {
  const reader = readEnv(env)
  const allowPrivateHosts = reader.read('HOLDFAST_ALLOW_PRIVATE_HOSTS', flag, false)
  const publicUrl = reader.read('HOLDFAST_PUBLIC_URL', urlOf('http', 'https'), undefined)
  const trackerPort = reader.read('HOLDFAST_TRACKER_PORT', port, 6969)
  const trackerUdpPort = reader.read('HOLDFAST_TRACKER_UDP_PORT', port, 6969)
  const config: AppViewConfig = {
    sources: reader.read('HOLDFAST_SOURCES', listOf(source), [
      { kind: 'firehose', url: 'wss://bsky.network' },
    ]),
    reader: reader.read('HOLDFAST_READER', oneOf('ours', 'reference'), 'ours'),
    plcUrl: reader.read('HOLDFAST_PLC_URL', urlOf('http', 'https'), 'https://plc.directory'),
    dataDir: reader.read('HOLDFAST_DATA_DIR', String, './data'),
    databaseUrl: reader.read('HOLDFAST_DATABASE_URL', urlOf('postgres', 'postgresql'), undefined),
    port: reader.read('HOLDFAST_PORT', port, 3000),
    publicUrl,
    admission: reader.read(
      'HOLDFAST_ADMISSION',
      oneOf('open', 'accounts', 'reviewed'),
      allowPrivateHosts ? 'open' : 'reviewed',
    ),
    adminToken: reader.read('HOLDFAST_ADMIN_TOKEN', String, undefined),
    allowPrivateHosts,
    trackers: reader.read(
      'HOLDFAST_TRACKERS',
      listOf(urlOf('http', 'https', 'udp', 'ws', 'wss')),
      ownTracker(publicUrl, trackerPort, trackerUdpPort),
    ),
    dhtNodes: dhtNodesOf(reader),
    stunServers: reader.read('HOLDFAST_STUN_SERVERS', listOf(stunServer), []),
    redisUrl: reader.read('HOLDFAST_REDIS_URL', redisUrl, undefined),
    trustedProxies: reader.read('HOLDFAST_TRUSTED_PROXIES', listOf(network), []),
    authorities: reader.read('HOLDFAST_AUTHORITIES', parseAuthorities, defaultAuthorities),
    logLevel: reader.read(
      'HOLDFAST_LOG_LEVEL',
      oneOf('fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'),
      'info',
    ),
    name: reader.read('HOLDFAST_NAME', String, undefined),
    abuseContact: reader.read('HOLDFAST_ABUSE_CONTACT', String, undefined),
    maxMetainfoBytes: reader.read('HOLDFAST_MAX_METAINFO_SIZE', sizeBytes, 100e6),
    replayMs: reader.read('HOLDFAST_REPLAY', durationMs, 7 * 86_400_000),
    maxStreams: reader.read('HOLDFAST_MAX_STREAMS', wholeNumber, 5_000),
    searchMemoryBytes: reader.read('HOLDFAST_SEARCH_MEMORY', sizeBytes, quarterOfMemory()),
  }
  if (config.sources.length === 0)
    reader.problem(
      'HOLDFAST_SOURCES names no source: write at least one relay or PDS, such as wss://bsky.network',
    )
  reader.finish()
  return Object.freeze(config)
}

/** How the operator's commands reach the running AppView. @throws ConfigError */
export function loadOperatorConfig(env: Readonly<Record<string, string | undefined>>): {
  url: string
  token: string
} {
  const reader = readEnv(env)
  const here = `http://127.0.0.1:${reader.read('HOLDFAST_PORT', port, 3000)}`
  const [url = here] = reader.read('HOLDFAST_APPVIEW_URL', listOf(urlOf('http', 'https')), [])
  const token = reader.read('HOLDFAST_ADMIN_TOKEN', String, undefined)
  if (token === undefined)
    reader.problem('HOLDFAST_ADMIN_TOKEN is not set: write the token the AppView was started with')
  reader.finish()
  return { url, token: token ?? '' }
}

/** Of the machine, or of what this process may have of it. */
function quarterOfMemory(): number {
  const limit = process.constrainedMemory()
  return Math.floor((limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 4)
}

const sourceUrl = urlOf('ws', 'wss')

function source(text: string): SourceConfig {
  const hint = /^jetstream\+(.+)$/.exec(text)?.[1]
  try {
    return hint === undefined
      ? { kind: 'firehose', url: sourceUrl(text) }
      : { kind: 'jetstream', url: sourceUrl(hint) }
  } catch {
    throw new Error(
      `"${text}" is no source: write a relay or PDS as wss://host (ws:// without TLS), or a hint as jetstream+wss://host`,
    )
  }
}

/** Where clients that know no node begin. */
const usualDhtNodes = 'router.bittorrent.com:6881,router.utorrent.com:6881,dht.transmissionbt.com:6881'

function dhtNodesOf(reader: EnvReader): AppViewConfig['dhtNodes'] {
  const isAsked = reader.read('HOLDFAST_DHT', flag, false)
  const nodes = reader.read(
    'HOLDFAST_DHT_NODES',
    listOf(hostAndPort),
    usualDhtNodes.split(',').map(hostAndPort),
  )
  return isAsked ? nodes : undefined
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, host, digits = ''] = /^([\w.-]+):(\d{1,5})$/.exec(text) ?? []
  if (host === undefined || Number(digits) < 1 || Number(digits) > 65_535)
    throw new Error(`"${text}" is no node: write host:port, with a name or an IPv4 address`)
  return { host, port: Number(digits) }
}

/** RFC 7064 */
function stunServer(text: string): string {
  if (!/^stuns?:(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d{1,5})?$/.test(text))
    throw new Error(`"${text}" is no STUN server: write stun:host or stun:host:port`)
  return text
}

function network(text: string): string {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  if (family === 0 || (bits !== undefined && !(Number(bits) <= (family === 4 ? 32 : 128))))
    throw new Error(`"${text}" is neither an address nor a network such as 10.0.0.0/8`)
  return text
}

/** The tracker that stands beside this AppView, under the same host name. */
function ownTracker(publicUrl: string | undefined, httpPort: number, udpPort: number): string[] {
  const host = publicUrl === undefined ? 'localhost' : new URL(publicUrl).hostname
  // Many BitTorrent clients ask only for the IPv4 or only for the IPv6 address of a name.
  const reachable = host === 'localhost' ? '127.0.0.1' : host
  return [
    `http://${reachable}:${httpPort}/announce`,
    `udp://${reachable}:${udpPort}/announce`,
    `ws://${reachable}:${httpPort}`,
  ]
}
