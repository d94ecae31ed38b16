import { isIP } from 'node:net'
import { totalmem } from 'node:os'
import { type Authorities, defaultAuthorities, parseAuthorities } from '@holdfast/lexicons/authority'
import { redisUrl } from '@holdfast/runtime/redis-url'
import { durationMs, sizeBytes } from '@holdfast/runtime/units'
import type { AdmissionPolicy } from './catalog/admission-policy.ts'
import { type EnvReader, flag, listOf, oneOf, port, readEnv, urlOf, wholeNumber } from './runtime/env.ts'

/** Where records come from: a relay or PDS whose commits carry proofs, or a Jetstream, whose records are fetched again with proof. */
export interface SourceConfig {
  readonly kind: 'firehose' | 'jetstream'
  /** `ws://` or `wss://`. */
  readonly url: string
}

export interface AppViewConfig {
  readonly sources: readonly SourceConfig[]
  /** Which implementation reads the streams: ours, or the reference implementation in `@atproto/sync`. */
  readonly reader: 'ours' | 'reference'
  readonly plcUrl: string
  readonly dataDir: string
  /** PostgreSQL; without it PGlite in the data directory. */
  readonly databaseUrl: string | undefined
  /** Where to connect when a session must last, for locks and LISTEN; `databaseUrl` by default. */
  readonly databaseSessionUrl: string | undefined
  /** 0 for any free port. */
  readonly port: number
  /** Without a trailing slash; when undefined, it is made from the port that the server listens on. */
  readonly publicUrl: string | undefined
  readonly admission: AdmissionPolicy
  /** Without a token the operator's methods are off. */
  readonly adminToken: string | undefined
  readonly allowPrivateHosts: boolean
  /** Announce URLs that are published and scraped: the operator's own, exempt from the address guard. */
  readonly trackers: readonly string[]
  /** The nodes that are asked first in the mainline DHT (BEP 5); undefined when the DHT is not used. */
  readonly dhtNodes: readonly { readonly host: string; readonly port: number }[] | undefined
  /** STUN servers from which browsers in a swarm learn their own address, so that peers reach them behind routers. */
  readonly stunServers: readonly string[]
  readonly redisUrl: string | undefined
  /** Proxies whose `X-Forwarded-For` is believed, beside those on this machine: addresses or networks. */
  readonly trustedProxies: readonly string[]
  readonly authorities: Authorities
  readonly logLevel: LogLevel
  /** The name that the operator gives this server. */
  readonly name: string | undefined
  /** An address or URL for complaints. */
  readonly abuseContact: string | undefined
  readonly maxMetainfoBytes: number
  /** Limits on requests to trackers and to hosts that records name. */
  readonly outbound: OutboundLimits
  /** How far back a stream can be replayed. */
  readonly replayMs: number
  /** The most live streams open at once, for all clients together. */
  readonly maxStreams: number
  /** The most memory, in bytes, for all whole repositories that are being read at once. */
  readonly repoMemoryBytes: number
  /** The most bytes that the search index in memory may take; 0 turns it off. */
  readonly searchMemoryBytes: number
}

export interface OutboundLimits {
  /** The least time between two requests to one address. */
  readonly hostGapMs: number
  /** The most requests a day: to one address (`hostDaily`), for one account, and in all. */
  readonly hostDaily: number
  readonly accountDaily: number
  readonly daily: number
  /** The least time between two requests to a tracker that somebody else runs. */
  readonly trackerGapMs: number
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
    databaseSessionUrl: reader.read(
      'HOLDFAST_DATABASE_SESSION_URL',
      urlOf('postgres', 'postgresql'),
      undefined,
    ),
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
    outbound: {
      hostGapMs: reader.read('HOLDFAST_OUTBOUND_HOST_GAP', durationMs, 10_000),
      hostDaily: reader.read('HOLDFAST_OUTBOUND_HOST_DAILY', wholeNumber, 1_000),
      accountDaily: reader.read('HOLDFAST_OUTBOUND_ACCOUNT_DAILY', wholeNumber, 5_000),
      daily: reader.read('HOLDFAST_OUTBOUND_DAILY', wholeNumber, 200_000),
      trackerGapMs: reader.read('HOLDFAST_OUTBOUND_TRACKER_GAP', durationMs, 2_000),
    },
    replayMs: reader.read('HOLDFAST_REPLAY', durationMs, 7 * 86_400_000),
    maxStreams: reader.read('HOLDFAST_MAX_STREAMS', wholeNumber, 5_000),
    repoMemoryBytes: reader.read('HOLDFAST_REPO_MEMORY', sizeBytes, 512e6),
    searchMemoryBytes: reader.read('HOLDFAST_SEARCH_MEMORY', sizeBytes, quarterOfMemory()),
  }
  if (config.sources.length === 0)
    reader.problem(
      'HOLDFAST_SOURCES names no source: write at least one relay or PDS, such as wss://bsky.network',
    )
  if (config.reader === 'reference' && !isInstalled('@atproto/sync')) {
    reader.problem(
      'HOLDFAST_READER is reference, for which a package is missing: npm install @atproto/sync, where Holdfast is installed',
    )
  }
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

/** In bytes: a quarter of the machine's memory, or of what this process may use of it. */
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
      `"${text}" is not a source: write a relay or PDS as wss://host (ws:// without TLS), or a hint as jetstream+wss://host`,
    )
  }
}

/** Well-known nodes, with which BitTorrent clients usually begin. */
const usualDhtNodes = 'router.bittorrent.com:6881,router.utorrent.com:6881,dht.transmissionbt.com:6881'

function isInstalled(name: string): boolean {
  try {
    return import.meta.resolve(name) !== ''
  } catch {
    return false
  }
}

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
    throw new Error(`"${text}" is not a DHT node: write host:port, with a name or an IPv4 address`)
  return { host, port: Number(digits) }
}

/** Checks a STUN address (RFC 7064). */
function stunServer(text: string): string {
  if (!/^stuns?:(?:[\w.-]+|\[[\da-fA-F:]+\])(?::\d{1,5})?$/.test(text))
    throw new Error(`"${text}" is not a STUN server: write stun:host or stun:host:port`)
  return text
}

function network(text: string): string {
  const [address = '', bits] = text.split('/')
  const family = isIP(address)
  if (family === 0 || (bits !== undefined && !(Number(bits) <= (family === 4 ? 32 : 128))))
    throw new Error(`"${text}" is neither an address nor a network such as 10.0.0.0/8`)
  return text
}

/** The announce URLs of the tracker that runs beside this AppView, under the same host name. */
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
