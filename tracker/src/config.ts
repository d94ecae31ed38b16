import os from 'node:os'
import { ConfigError } from '@holdfast/runtime/operator-error'
import { redisUrl } from '@holdfast/runtime/redis-url'
import { durationMs, sizeBytes } from '@holdfast/runtime/units'
import ipaddr from 'ipaddr.js'
import { defaultPeersPerAddress } from './swarms/memory.ts'

export interface TrackerConfig {
  readonly port: number
  readonly udpPort: number
  /** The address to listen on; if absent, every address of the machine. */
  readonly host?: string | undefined
  readonly appviewUrls: readonly string[]
  readonly workers: number
  readonly maxListAgeMs: number
  readonly redisUrl: string | undefined
  readonly redisMayPersist: boolean
  readonly dataDir: string
  readonly logLevel: string
  readonly trustedProxies: readonly string[]
  readonly adminToken: string | undefined
  /** Whether the tracker has a public address, so that requests from this machine may come through a proxy. */
  readonly isPublic: boolean
  /** Bytes reserved for peers. When they are used up, the tracker still answers, but accepts no new peers. */
  readonly memoryBytes: number
  /** The number of torrents that the allow-list can hold. */
  readonly maxTorrents: number
  /** The number of peers in one swarm that may share an IPv4 address or a /64. */
  readonly peersPerAddress: number
  /** The number of TCP connections that one address may have open; trusted proxies are exempt. */
  readonly socketsPerAddress: number
  /** Seconds between two announces of a client, before jitter and load are applied. */
  readonly intervalSeconds: number
}

/**
 * Reads the tracker's variables.
 * @throws ConfigError that lists every wrong variable
 */
export function loadConfig(env: Readonly<Record<string, string | undefined>>): TrackerConfig {
  const problems: string[] = []
  const read = <T>(name: string, fallback: T, parse: (value: string) => T): T => {
    const value = env[name]?.trim()
    if (value === undefined || value === '') return fallback
    try {
      return parse(value)
    } catch (error) {
      problems.push(`${name}=${value}: ${(error as Error).message}`)
      return fallback
    }
  }
  const config: TrackerConfig = {
    port: read('HOLDFAST_TRACKER_PORT', 6969, readPort),
    udpPort: read('HOLDFAST_TRACKER_UDP_PORT', 6969, readPort),
    host: read('HOLDFAST_TRACKER_HOST', undefined, readHost),
    appviewUrls: read('HOLDFAST_APPVIEW_URL', ['http://127.0.0.1:3000'], readUrls),
    workers: read('HOLDFAST_TRACKER_WORKERS', 1, readWorkers),
    maxListAgeMs: read('HOLDFAST_TRACKER_MAX_LIST_AGE', dayMs, durationMs),
    redisUrl: read('HOLDFAST_REDIS_URL', undefined, redisUrl),
    redisMayPersist: read('HOLDFAST_REDIS_ALLOW_PERSISTENCE', false, readSwitch),
    dataDir: read('HOLDFAST_DATA_DIR', './data', (value) => value),
    logLevel: read('HOLDFAST_LOG_LEVEL', 'info', readLogLevel),
    trustedProxies: read('HOLDFAST_TRUSTED_PROXIES', [], readCidrs),
    isPublic: read('HOLDFAST_PUBLIC_URL', false, () => true),
    adminToken: read('HOLDFAST_ADMIN_TOKEN', undefined, (value) => value),
    memoryBytes: read('HOLDFAST_TRACKER_MEMORY', 1024 ** 3, readMemorySize),
    maxTorrents: read('HOLDFAST_TRACKER_MAX_TORRENTS', 4_000_000, readCount(1, 16_000_000)),
    peersPerAddress: read('HOLDFAST_TRACKER_PEERS_PER_ADDRESS', defaultPeersPerAddress, readCount(1, 60_000)),
    socketsPerAddress: 200,
    intervalSeconds: read('HOLDFAST_TRACKER_INTERVAL', 30 * 60, (value) => durationMs(value) / 1000),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

const dayMs = 86_400_000

function readPort(value: string): number {
  const port = Number(value)
  if (!/^\d+$/.test(value) || port > 65535)
    throw new Error('expected a port from 0 to 65535 (0 for any free port)')
  return port
}

function readCount(least: number, most: number): (value: string) => number {
  return (value) => {
    const count = Number(value)
    if (/^\d+$/.test(value) && count >= least && count <= most) return count
    throw new Error(`expected a number from ${least} to ${most}`)
  }
}

function readHost(value: string): string {
  if (!ipaddr.isValid(value)) throw new Error('expected an address of this machine, such as 127.0.0.1 or ::1')
  return value
}

function readWorkers(value: string): number {
  const workers = value === 'auto' ? os.availableParallelism() : Number(value)
  if (!Number.isInteger(workers) || workers < 1 || workers > 64)
    throw new Error('expected 1 to 64, or "auto"')
  return workers
}

function readUrls(value: string): string[] {
  const urls = value.split(',').map((url) => url.trim())
  for (const url of urls) {
    if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
      throw new Error(`expected http:// or https:// addresses separated by commas, not "${url}"`)
    }
  }
  return urls.map((url) => url.replace(/\/+$/, ''))
}

function readMemorySize(value: string): number {
  const bytes = sizeBytes(value)
  if (bytes < 1e6 || bytes > 4 * 1024 ** 3) throw new Error('expected a size from 1MB to 4GB')
  return bytes
}

function readCidrs(value: string): string[] {
  return value.split(',').map((each) => {
    const cidr = each.trim()
    if (!ipaddr.isValid(cidr) && !ipaddr.isValidCIDR(cidr)) {
      throw new Error(`expected addresses or networks such as 10.0.0.0/8,::1, not "${cidr}"`)
    }
    return cidr
  })
}

function readSwitch(value: string): boolean {
  if (/^(?:1|true|yes|on)$/.test(value)) return true
  if (/^(?:0|false|no|off)$/.test(value)) return false
  throw new Error('expected true or false')
}

function readLogLevel(value: string): string {
  const levels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']
  if (!levels.includes(value)) throw new Error(`expected one of ${levels.join(', ')}`)
  return value
}
