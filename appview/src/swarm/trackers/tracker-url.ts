import { isPrivateHostname } from '../private-host.ts'

/**
 * An announce URL in the one spelling that counts are kept under; undefined for what is never scraped: another
 * scheme than http, https and udp, a password, a UDP port of another service, an HTTP address without a scrape
 * convention (BEP 48), and private hosts where those are not allowed.
 */
export function normalizeTracker(text: string, options: { allowPrivateHosts: boolean }): string | undefined {
  if (text.length > maxLength || !URL.canParse(text.trim())) return undefined
  const url = new URL(text.trim())
  url.hash = ''
  // The URL standard leaves the host of a scheme it does not know as it was written.
  if (url.protocol === 'udp:') url.hostname = url.hostname.toLowerCase()
  if (url.username || url.password || !url.hostname) return undefined
  if (!options.allowPrivateHosts && isPrivateHostname(url.hostname)) return undefined
  if (url.protocol === 'udp:') return isUdpTrackerPort(url.port) ? url.href : undefined
  return scrapeUrl(url.href) && url.href
}

const maxLength = 1_000

/** BEP 15 has no default port; below 1024 only the web's are trackers, the others are services to leave alone. */
function isUdpTrackerPort(port: string): boolean {
  return Number(port) >= 1_024 || port === '80' || port === '443'
}

/** Where an HTTP tracker is scraped: the last part of the path must begin with `announce` (BEP 48). */
export function scrapeUrl(announceUrl: string): URL | undefined {
  const url = new URL(announceUrl)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') return undefined
  const slash = url.pathname.lastIndexOf('/') + 1
  if (!url.pathname.startsWith('announce', slash)) return undefined
  url.pathname = `${url.pathname.slice(0, slash)}scrape${url.pathname.slice(slash + 'announce'.length)}`
  return url
}
