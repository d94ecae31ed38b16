import { totalmem } from 'node:os'
import { type Authorities, defaultAuthorities, parseAuthorities } from '@holdfast/lexicons/authority'
import { anyText, flag, listOf, oneOf, urlOf, wholeNumber } from '@holdfast/runtime/grammars'
import {
  type Environment,
  readSettings,
  type SettingInForce,
  type Settings,
} from '@holdfast/runtime/settings'
import { type LogLevel, sharedSettings } from '@holdfast/runtime/shared-settings'
import { durationMs, sizeBytes } from '@holdfast/runtime/units'
import type { AdmissionPolicy } from './catalog/admission-policy.ts'
import { defaultGatheringLimits, type GatheringLimits } from './catalog/leases.ts'

/** Where records come from: a relay or PDS whose commits carry proofs, or a Jetstream, whose records are fetched again with proof. */
export interface SourceConfig {
  readonly kind: 'firehose' | 'jetstream'
  /** `ws://` or `wss://`. */
  readonly url: string
}

/** What a process does: serve people and programs, follow the network, or check metainfo, swarms and sources. */
export type Role = (typeof allRoles)[number]

export const allRoles = ['api', 'ingest', 'swarms'] as const

export interface AppViewConfig {
  readonly roles: ReadonlySet<Role>
  readonly sources: readonly SourceConfig[]
  /** The servers whose repositories are listed, as `http://` or `https://` URLs. */
  readonly backfill: readonly string[]
  /** Which implementation reads the streams: ours, or the reference implementation in `@atproto/sync`. */
  readonly reader: 'ours' | 'reference'
  readonly plcUrl: string
  readonly dataDir: string
  /** PostgreSQL; without it PGlite in the data directory. */
  readonly databaseUrl: string | undefined
  /** Where to connect when a session must last, for locks and LISTEN; `databaseUrl` by default. */
  readonly databaseSessionUrl: string | undefined
  /** A streaming replica, for reads of requests. */
  readonly databaseReplicaUrl: string | undefined
  /** The address to listen on; undefined for all. */
  readonly host: string | undefined
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
  /** How parts of datasets are handed out to those who gather. */
  readonly gathering: GatheringLimits
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

/** Reads the AppView's configuration. @throws ConfigError that names every problem */
export function loadConfig(env: Environment): AppViewConfig {
  return readConfig(env).config
}

/** Reads the configuration, and what is in force for each variable. @throws ConfigError that names every problem */
export function readConfig(env: Environment): { config: AppViewConfig; inForce: readonly SettingInForce[] } {
  const settings = readSettings(env)
  const allowPrivateHosts = sharedSettings.allowPrivateHosts(settings)
  const publicUrl = sharedSettings.publicUrl(settings)
  const trackerPort = sharedSettings.trackerPort(settings)
  const trackerUdpPort = sharedSettings.trackerUdpPort(settings)
  const sources = settings.read('HOLDFAST_SOURCES', listOf(source), usualSource)
  const config: AppViewConfig = {
    roles: new Set(settings.read('HOLDFAST_ROLES', listOf(oneOf(...allRoles)), allRoles.join(','))),
    sources,
    backfill: settings.read('HOLDFAST_BACKFILL', backfillHosts, usualBackfill(sources)),
    reader: settings.read('HOLDFAST_READER', oneOf('ours', 'reference'), 'ours'),
    plcUrl: sharedSettings.plcUrl(settings),
    dataDir: sharedSettings.dataDir(settings),
    databaseUrl: settings.secret('HOLDFAST_DATABASE_URL', postgresUrl),
    databaseSessionUrl: settings.secret('HOLDFAST_DATABASE_SESSION_URL', postgresUrl),
    databaseReplicaUrl: settings.secret('HOLDFAST_DATABASE_REPLICA_URL', postgresUrl),
    host: sharedSettings.host(settings),
    port: sharedSettings.port(settings),
    publicUrl,
    admission: settings.read(
      'HOLDFAST_ADMISSION',
      oneOf('open', 'accounts', 'reviewed'),
      allowPrivateHosts ? 'open' : 'reviewed',
    ),
    adminToken: sharedSettings.adminToken(settings),
    allowPrivateHosts,
    trackers: settings.read(
      'HOLDFAST_TRACKERS',
      listOf(urlOf('http', 'https', 'udp', 'ws', 'wss')),
      ownTracker(publicUrl, trackerPort, trackerUdpPort).join(','),
    ),
    dhtNodes: dhtNodesOf(settings),
    stunServers: settings.read('HOLDFAST_STUN_SERVERS', listOf(stunServer), ''),
    redisUrl: sharedSettings.redisUrl(settings),
    trustedProxies: sharedSettings.trustedProxies(settings),
    authorities: settings.read('HOLDFAST_AUTHORITIES', parseAuthorities, defaultAuthorities.join(',')),
    logLevel: sharedSettings.logLevel(settings),
    name: settings.read('HOLDFAST_NAME', anyText),
    abuseContact: settings.read('HOLDFAST_ABUSE_CONTACT', anyText),
    maxMetainfoBytes: settings.read('HOLDFAST_MAX_METAINFO_SIZE', sizeBytes, '100MB'),
    outbound: {
      hostGapMs: settings.read('HOLDFAST_OUTBOUND_HOST_GAP', durationMs, '10s'),
      hostDaily: settings.read('HOLDFAST_OUTBOUND_HOST_DAILY', wholeNumber(), '1000'),
      accountDaily: settings.read('HOLDFAST_OUTBOUND_ACCOUNT_DAILY', wholeNumber(), '5000'),
      daily: settings.read('HOLDFAST_OUTBOUND_DAILY', wholeNumber(), '200000'),
      trackerGapMs: settings.read('HOLDFAST_OUTBOUND_TRACKER_GAP', durationMs, '2s'),
    },
    replayMs: settings.read('HOLDFAST_REPLAY', durationMs, '7d'),
    maxStreams: settings.read('HOLDFAST_MAX_STREAMS', wholeNumber(), '5000'),
    repoMemoryBytes: settings.read('HOLDFAST_REPO_MEMORY', sizeBytes, '512MB'),
    searchMemoryBytes: settings.read('HOLDFAST_SEARCH_MEMORY', sizeBytes, `${quarterOfMemory()}B`),
    gathering: {
      ...defaultGatheringLimits,
      requestsPerMinutePerHost: settings.read('HOLDFAST_PACE_PER_HOST', wholeNumber(), '300'),
      claimsPerAccount: settings.read('HOLDFAST_CLAIMS_PER_ACCOUNT', wholeNumber(), '5'),
    },
  }
  if (config.roles.size === 0) settings.problem(`HOLDFAST_ROLES names no role: write some of ${allRoles}`)
  if (config.roles.size < allRoles.length && config.databaseUrl === undefined)
    settings.problem(
      'HOLDFAST_ROLES leaves out roles that no other process can have beside the embedded database: set HOLDFAST_DATABASE_URL, or leave HOLDFAST_ROLES out',
    )
  if (config.databaseReplicaUrl !== undefined && config.databaseUrl === undefined)
    settings.problem(
      'HOLDFAST_DATABASE_REPLICA_URL is set without HOLDFAST_DATABASE_URL: name the primary, too',
    )
  if (config.sources.length === 0)
    settings.problem(`HOLDFAST_SOURCES names no source: write at least one, such as ${usualSource}`)
  if (config.reader === 'reference' && !isInstalled('@atproto/sync')) {
    settings.problem(
      'HOLDFAST_READER is reference, for which a package is missing: npm install @atproto/sync, where Holdfast is installed',
    )
  }
  settings.finish()
  return { config: Object.freeze(config), inForce: settings.inForce }
}

/** How the operator's commands reach the running AppView. @throws ConfigError */
export function loadOperatorConfig(env: Environment): { url: string; token: string } {
  const settings = readSettings(env)
  const here = urlHere(sharedSettings.host(settings), sharedSettings.port(settings))
  const [url = here] = sharedSettings.appviewUrls(settings, here)
  const token = sharedSettings.adminToken(settings)
  if (token === undefined)
    settings.problem('HOLDFAST_ADMIN_TOKEN is not set: write the token the AppView was started with')
  settings.finish()
  return { url, token: token ?? '' }
}

/** The URL by which this machine reaches a server that listens here. */
export function urlHere(host: string | undefined, port: number): string {
  const isAny = host === undefined || host === '0.0.0.0' || host === '::'
  return `http://${isAny ? '127.0.0.1' : host.includes(':') ? `[${host}]` : host}:${port}`
}

const postgresUrl = urlOf('postgres', 'postgresql')

/** In bytes: a quarter of the machine's memory, or of what this process may use of it. */
function quarterOfMemory(): number {
  const limit = process.constrainedMemory()
  return Math.floor((limit > 0 ? Math.min(limit, totalmem()) : totalmem()) / 4)
}

/** One of the four that Bluesky runs, of which each has everything. */
const usualSource = 'jetstream+wss://jetstream2.us-east.bsky.network'
/** A relay of Bluesky's that lists repositories by collection, as few relays do. */
const usualLister = 'https://relay1.us-east.bsky.network'

/** By default what lists repositories: the relays and PDSes that are followed and, since a Jetstream lists nothing, a public relay. */
function usualBackfill(sources: readonly SourceConfig[]): string {
  const followed = sources
    .filter(({ kind }) => kind === 'firehose')
    .map(({ url }) => url.replace(/^ws/, 'http'))
  const hasHints = sources.some(({ kind }) => kind === 'jetstream')
  return [...followed, ...(hasHints ? [usualLister] : [])].join(',') || 'off'
}

const webUrl = urlOf('http', 'https', 'ws', 'wss')

function backfillHosts(text: string): readonly string[] {
  if (text === 'off') return []
  try {
    return listOf(webUrl)(text).map((url) => url.replace(/^ws/, 'http'))
  } catch {
    throw new Error('write relays or PDSes as https://host, separated by commas, or off')
  }
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

function dhtNodesOf(settings: Settings): AppViewConfig['dhtNodes'] {
  const isAsked = settings.read('HOLDFAST_DHT', flag, 'off')
  const nodes = settings.read('HOLDFAST_DHT_NODES', listOf(hostAndPort), usualDhtNodes)
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
