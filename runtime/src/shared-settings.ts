/** The variables that several programs read: each has one grammar and one default. */
import { anyText, flag, listOf, localAddress, network, oneOf, port, urlOf } from './grammars.ts'
import { redisUrl } from './redis-url.ts'
import type { Settings } from './settings.ts'

const httpUrl = urlOf('http', 'https')
const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const
export type LogLevel = (typeof logLevels)[number]

export const sharedSettings = {
  dataDir: (settings: Settings) => settings.read('HOLDFAST_DATA_DIR', anyText, './data'),
  logLevel: (settings: Settings) => settings.read('HOLDFAST_LOG_LEVEL', oneOf(...logLevels), 'info'),
  /** The operator's token. */
  adminToken: (settings: Settings) => settings.secret('HOLDFAST_ADMIN_TOKEN', anyText),
  redisUrl: (settings: Settings) => settings.secret('HOLDFAST_REDIS_URL', redisUrl),
  publicUrl: (settings: Settings) => settings.read('HOLDFAST_PUBLIC_URL', httpUrl),
  /** Proxies whose `X-Forwarded-For` is believed: addresses or networks. */
  trustedProxies: (settings: Settings) => settings.read('HOLDFAST_TRUSTED_PROXIES', listOf(network), ''),
  port: (settings: Settings) => settings.read('HOLDFAST_PORT', port, '3000'),
  trackerPort: (settings: Settings) => settings.read('HOLDFAST_TRACKER_PORT', port, '6969'),
  trackerUdpPort: (settings: Settings) => settings.read('HOLDFAST_TRACKER_UDP_PORT', port, '6969'),
  /** AppViews, the first one first. `fallback` is where this machine's is. */
  appviewUrls: (settings: Settings, fallback = 'http://127.0.0.1:3000') =>
    settings.read('HOLDFAST_APPVIEW_URL', listOf(httpUrl), fallback),
  plcUrl: (settings: Settings) => settings.read('HOLDFAST_PLC_URL', httpUrl, 'https://plc.directory'),
  /** For development only: addresses inside one's own network may be contacted. */
  allowPrivateHosts: (settings: Settings) => settings.read('HOLDFAST_ALLOW_PRIVATE_HOSTS', flag, 'off'),
  host: (settings: Settings) => settings.read('HOLDFAST_HOST', localAddress),
}
