import { isUnicastIpHostname, unicastLookup } from '@atproto-labs/fetch-node'

/**
 * Whether an address, such as a tracker's, has a host outside of private networks. A host that cannot be resolved has not.
 * Whoever connects resolves it again, so this keeps out mistakes and simple tricks, not a name server that lies.
 */
export function isPublicAddress(address: string): Promise<boolean> {
  if (!URL.canParse(address)) return Promise.resolve(false)
  // A URL of another scheme than HTTP keeps the brackets and the case of its host.
  const host = new URL(address.replace(/^[a-z]+:/i, 'http:')).hostname
  const literal = isUnicastIpHostname(host)
  if (literal !== undefined) return Promise.resolve(literal)
  return new Promise((resolve) => unicastLookup(host, { all: true }, (error) => resolve(!error)))
}
