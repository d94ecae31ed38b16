import { checkUnicastPolicy } from '@atproto-labs/fetch-node'

/** Whether a URL's host is a private address or a local name by its spelling; names are checked again when dialled. */
export function namesPrivateHost(url: string): boolean {
  return URL.canParse(url) && isPrivateHostname(new URL(url).hostname)
}

/** The same of a host as `URL` spells it, IPv6 in brackets. */
export function isPrivateHostname(hostname: string): boolean {
  const host = hostname.replace(/\.$/, '').toLowerCase()
  if (host === '') return false
  // A scheme the URL standard knows, so that every spelling of an IPv4 address becomes the one.
  const address = `http://${host}`
  if (URL.canParse(address) && checkUnicastPolicy(new URL(address))) return true
  return (
    !host.startsWith('[') && (!host.includes('.') || /\.(localhost|local|test|invalid|example)$/.test(host))
  )
}
