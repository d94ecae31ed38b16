import os from 'node:os'
import { flag, localAddress, wholeNumber } from '@holdfast/runtime/grammars'
import { type Environment, readSettings, type SettingInForce } from '@holdfast/runtime/settings'
import { sharedSettings } from '@holdfast/runtime/shared-settings'
import { durationMs, sizeBytes } from '@holdfast/runtime/units'
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

/** Reads the tracker's configuration. @throws ConfigError that names every problem */
export function loadConfig(env: Environment): TrackerConfig {
  return readConfig(env).config
}

/** Reads the configuration, and what is in force for each variable. @throws ConfigError that names every problem */
export function readConfig(env: Environment): { config: TrackerConfig; inForce: readonly SettingInForce[] } {
  const settings = readSettings(env)
  const config: TrackerConfig = {
    port: sharedSettings.trackerPort(settings),
    udpPort: sharedSettings.trackerUdpPort(settings),
    host: settings.read('HOLDFAST_TRACKER_HOST', localAddress),
    appviewUrls: sharedSettings.appviewUrls(settings),
    workers: settings.read('HOLDFAST_TRACKER_WORKERS', workers, '1'),
    maxListAgeMs: settings.read('HOLDFAST_TRACKER_MAX_LIST_AGE', durationMs, '24h'),
    redisUrl: sharedSettings.redisUrl(settings),
    redisMayPersist: settings.read('HOLDFAST_REDIS_ALLOW_PERSISTENCE', flag, 'off'),
    dataDir: sharedSettings.dataDir(settings),
    logLevel: sharedSettings.logLevel(settings),
    trustedProxies: sharedSettings.trustedProxies(settings),
    isPublic: sharedSettings.publicUrl(settings) !== undefined,
    adminToken: sharedSettings.adminToken(settings),
    memoryBytes: settings.read('HOLDFAST_TRACKER_MEMORY', swarmMemory, `${1024 ** 3}B`),
    maxTorrents: settings.read('HOLDFAST_TRACKER_MAX_TORRENTS', wholeNumber(1, 16_000_000), '4000000'),
    peersPerAddress: settings.read(
      'HOLDFAST_TRACKER_PEERS_PER_ADDRESS',
      wholeNumber(1, 60_000),
      String(defaultPeersPerAddress),
    ),
    socketsPerAddress: 200,
    intervalSeconds: settings.read('HOLDFAST_TRACKER_INTERVAL', durationMs, '30m') / 1000,
  }
  if (config.appviewUrls.length === 0)
    settings.problem(
      'HOLDFAST_APPVIEW_URL names no AppView: write at least one, such as http://127.0.0.1:3000',
    )
  settings.finish()
  return { config, inForce: settings.inForce }
}

function workers(text: string): number {
  return text === 'auto' ? Math.min(os.availableParallelism(), 64) : atMost64(text)
}
const atMost64 = wholeNumber(1, 64)

function swarmMemory(text: string): number {
  const bytes = sizeBytes(text)
  if (bytes < 1e6 || bytes > 4 * 1024 ** 3) throw new Error('write a size from 1MB to 4GB')
  return bytes
}
