import { isPublicHost } from '../../outbound/public-host.ts'

/**
 * An announce URL in the canonical spelling under which counts are stored; undefined for one that is never scraped: another
 * scheme than http, https, udp, ws and wss, a password, a UDP or WebSocket port of another service, an HTTP address
 * without a scrape convention (BEP 48), and private hosts where those are not allowed.
 */
export function normalizeTracker(text: string, options: { allowPrivateHosts: boolean }): string | undefined {
  if (text.length > maxLength || !URL.canParse(text.trim())) return undefined
  const url = new URL(text.trim())
  url.hash = ''
  // URL does not change the case of the host for schemes that it does not know.
  if (url.protocol === 'udp:') url.hostname = url.hostname.toLowerCase()
  if (url.username || url.password || !url.hostname) return undefined
  if (!options.allowPrivateHosts && !isPublicHost(url.hostname)) return undefined
  if (url.protocol === 'udp:') return isTrackerPort(url.port) ? url.href : undefined
  if (isWebSocket(url)) return url.port === '' || isTrackerPort(url.port) ? url.href : undefined
  return scrapeUrl(url.href) && url.href
}

const maxLength = 1_000

/** Whether a port may be a tracker's. BEP 15 has no default port. Of those below 1024 only the web's are allowed; others are other services. */
function isTrackerPort(port: string): boolean {
  return Number(port) >= 1_024 || port === '80' || port === '443'
}

/** Whether a tracker is asked by WebSocket. */
export function isWebSocket({ protocol }: URL): boolean {
  return protocol === 'ws:' || protocol === 'wss:'
}

/** The scrape URL of an HTTP tracker; the last segment of its path must begin with `announce` (BEP 48). */
export function scrapeUrl(announceUrl: string): URL | undefined {
  const url = new URL(announceUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  const slash = url.pathname.lastIndexOf('/') + 1
  if (!url.pathname.startsWith('announce', slash)) return undefined
  url.pathname = `${url.pathname.slice(0, slash)}scrape${url.pathname.slice(slash + 'announce'.length)}`
  return url
}
