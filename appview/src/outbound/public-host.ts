/**
 * The one rule for what is a public host. A name alone says little, so code that connects to one must also check each
 * address that it resolves to with {@link isPublicAddress}.
 */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/**
 * Names below these are never in the public DNS: special-use domains (RFC 6761, RFC 6762 with its appendix G, RFC 7686,
 * RFC 9476) and `internal`, which ICANN set aside for private networks.
 */
const privateDomains = new Set([
  ...['alt', 'arpa', 'example', 'internal', 'invalid', 'local', 'localhost', 'onion', 'test'],
  ...['corp', 'home', 'intranet', 'lan', 'private'],
])

/** The only part of IPv6 from which addresses of public hosts are assigned (RFC 4291 §2.4, IANA's registry of unicast space). */
const globalUnicast = ipaddr.IPv6.parseCIDR('2000::/3')
/** The prefix with which NAT64 writes an IPv4 address as IPv6 (RFC 6052 §2.1). */
const nat64 = ipaddr.IPv6.parseCIDR('64:ff9b::/96')

/** Whether an IP address, without brackets, is on the public internet. */
export function isPublicAddress(text: string): boolean {
  if (isIP(text) === 0 || text.includes('%')) return false
  // `ipaddr` reads ::8.8.8.8 as if it were ::ffff:8.8.8.8, but not in the hexadecimal form that URLs use.
  const spelled = isIP(text) === 6 ? new URL(`http://[${text}]`).hostname.slice(1, -1) : text
  const address = unwrapped(ipaddr.parse(spelled))
  if (address.range() !== 'unicast') return false
  return !(address instanceof ipaddr.IPv6) || address.match(globalUnicast)
}

/** Whether a host as `URL` writes it (IPv6 in brackets) is a public address, or a name that may resolve to one. */
export function isPublicHost(hostname: string): boolean {
  // With a scheme that the URL standard knows, every spelling of an address is normalized to one.
  const spelled = `http://${hostname}/`
  if (!URL.canParse(spelled)) return false
  const url = new URL(spelled)
  const host = url.hostname.replace(/\.$/, '')
  if (url.host !== url.hostname || url.username !== '' || url.pathname !== '/') return false
  if (host.startsWith('[')) return isPublicAddress(host.slice(1, -1))
  if (ipaddr.IPv4.isValid(host)) return isPublicAddress(host)
  const labels = host.split('.')
  return labels.length > 1 && labels.every((label) => label !== '') && !privateDomains.has(labels.at(-1)!)
}

/** Whether a URL's host cannot be public; false for text that is not a URL or has no host. */
export function namesPrivateHost(url: string): boolean {
  if (!URL.canParse(url)) return false
  const { hostname } = new URL(url)
  return hostname !== '' && !isPublicHost(hostname)
}

/** The address that is reached in the end: the IPv4 address when one is embedded in IPv6. */
function unwrapped(address: ipaddr.IPv4 | ipaddr.IPv6): ipaddr.IPv4 | ipaddr.IPv6 {
  if (!(address instanceof ipaddr.IPv6)) return address
  if (address.isIPv4MappedAddress()) return address.toIPv4Address()
  return address.match(nat64) ? ipaddr.fromByteArray(address.toByteArray().slice(12)) : address
}
