import os from 'node:os'
import ipaddr from 'ipaddr.js'
import { readRedisUrl } from './cluster/redis-url.ts'

export type TrackerConfig = {
  readonly port: number
  readonly udpPort: number
  /** Where to listen; every address of the machine when absent. */
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
  /** Bytes reserved for peers; a tracker that is full answers but takes in nobody new. */
  readonly memoryBytes: number
  readonly maxTorrents: number
  /** TCP connections that one address may hold open; trusted proxies are exempt. */
  readonly socketsPerAddress: number
  /** Seconds between two announces of a client, before jitter and load. */
  readonly intervalSeconds: number
}

/**
 * Reads the tracker's variables.
 * @throws ConfigError that lists every variable that is wrong
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
    maxListAgeMs: read('HOLDFAST_TRACKER_MAX_LIST_AGE', 24 * HOUR_MS, readDuration),
    redisUrl: read('HOLDFAST_REDIS_URL', undefined, checkRedisUrl),
    redisMayPersist: read('HOLDFAST_REDIS_ALLOW_PERSISTENCE', false, readSwitch),
    dataDir: read('HOLDFAST_DATA_DIR', './data', (value) => value),
    logLevel: read('HOLDFAST_LOG_LEVEL', 'info', readLogLevel),
    trustedProxies: read('HOLDFAST_TRUSTED_PROXIES', [], readCidrs),
    adminToken: read('HOLDFAST_ADMIN_TOKEN', undefined, (value) => value),
    memoryBytes: read('HOLDFAST_TRACKER_MEMORY', 1024 ** 3, readSize),
    maxTorrents: 4_000_000,
    socketsPerAddress: 200,
    intervalSeconds: read('HOLDFAST_TRACKER_INTERVAL', 30 * 60, (value) => readDuration(value) / 1000),
  }
  if (problems.length > 0) throw new ConfigError(problems)
  return config
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(`the tracker cannot start with these settings:\n${problems.map((each) => `  ${each}`).join('\n')}`)
    this.problems = problems
  }
}

const HOUR_MS = 3_600_000
const durationUnits: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: HOUR_MS, d: 24 * HOUR_MS }
const sizeUnits: Readonly<Record<string, number>> = { KB: 1e3, MB: 1e6, GB: 1e9 }

function readPort(value: string): number {
  const port = Number(value)
  if (!/^\d+$/.test(value) || port > 65535)
    throw new Error('expected a port from 0 to 65535 (0 takes a free one)')
  return port
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

function checkRedisUrl(value: string): string {
  readRedisUrl(value)
  return value
}

function readDuration(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(s|m|h|d)$/.exec(value)
  if (match === null) throw new Error('expected a duration such as 30s, 5m or 24h')
  return Number(match[1]) * durationUnits[match[2]!]!
}

function readSize(value: string): number {
  const match = /^(\d+(?:\.\d+)?)(KB|MB|GB)$/.exec(value)
  const bytes = match === null ? Number.NaN : Number(match[1]) * sizeUnits[match[2]!]!
  if (!(bytes >= 1e6 && bytes <= 4 * 1024 ** 3)) throw new Error('expected a size from 1MB to 4GB')
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
