import { checkUnicastPolicy, isUnicastIpHostname, unicastLookup } from '@atproto-labs/fetch-node'
import type { HostGuard } from '../remote/transport/connection.ts'
import { refusedAddress } from './refused-address.ts'

/** The rule of `strangerFetch`, for who reads from a socket. */
export const strangerHosts: HostGuard = {
  lookup: unicastLookup,
  assert(url) {
    if (checkUnicastPolicy(url) !== undefined) throw refusedAddress(url.origin)
  },
}

/**
 * The same rule for an address that another program will ask, such as a tracker's: whether its host is outside of private
 * networks. That program resolves the name again, so this keeps out mistakes and simple tricks, not a name server that
 * lies. A host that cannot be resolved is refused.
 */
export async function isStrangerHost(address: string): Promise<boolean> {
  if (!URL.canParse(address)) return false
  // As HTTP, because a URL of another scheme keeps the brackets and the case of its host.
  const { hostname } = new URL(address.replace(/^[a-z]+:/i, 'http:'))
  const isLiteral = isUnicastIpHostname(hostname)
  if (isLiteral !== undefined) return isLiteral
  return new Promise((resolve) => unicastLookup(hostname, { all: true }, (error) => resolve(!error)))
}
