import ipaddr from 'ipaddr.js'

/** A network to which an address counts: `key` names it, and its limit is `times` that of one address. */
export interface AddressShare {
  readonly key: string
  readonly times: number
}

/**
 * The networks to which an address counts, smallest first. In IPv6 one household has one /64, but a rented server often
 * comes with a /56 or a /48, which contain many /64s; those networks together get only a few times the limit of one.
 */
export function addressShares(address: string): readonly AddressShare[] {
  const ip = canonical(address)
  if (ip === undefined) return [{ key: 'unknown', times: 1 }]
  if (ip.kind() === 'ipv4') return [{ key: ip.toString(), times: 1 }]
  const { parts } = ip as ipaddr.IPv6
  return networks.map(({ bits, times }) => ({ key: networkOf(parts, bits), times }))
}

/** The key under which look-ups for a visitor are counted: the widest network of the address. */
export function visitorOf(address: string): string {
  return addressShares(address).at(-1)!.key
}

const networks = [
  { bits: 64, times: 1 },
  { bits: 56, times: 4 },
  { bits: 48, times: 16 },
] as const

/** Parses an address; an IPv4 address that is written as IPv6 becomes IPv4. */
function canonical(address: string): ipaddr.IPv4 | ipaddr.IPv6 | undefined {
  const [bare = ''] = address.split('%')
  if (!ipaddr.isValid(bare)) return undefined
  const ip = ipaddr.parse(bare)
  return ip.kind() === 'ipv6' ? (ipv4Within((ip as ipaddr.IPv6).parts) ?? ip) : ip
}

/** The IPv4 address in a mapped or compatible one (RFC 4291, 2.5.5), in NAT64's (RFC 6052) or in 6to4's (RFC 3056). */
function ipv4Within(parts: readonly number[]): ipaddr.IPv4 | undefined {
  const begins = (...first: number[]) => first.every((part, i) => parts[i] === part)
  const ends = begins(0, 0, 0, 0, 0, 0) || begins(0, 0, 0, 0, 0, 0xffff) || begins(0x64, 0xff9b, 0, 0, 0, 0)
  // ::1 is this machine's own address (RFC 4291, 2.5.3), not a compatible one.
  if (begins(0, 0, 0, 0, 0, 0, 0, 1)) return new ipaddr.IPv4([127, 0, 0, 1])
  if (!ends && !begins(0x2002)) return undefined
  const [high = 0, low = 0] = ends ? parts.slice(6) : parts.slice(1)
  return new ipaddr.IPv4([high >> 8, high & 255, low >> 8, low & 255])
}

function networkOf(parts: readonly number[], bits: number): string {
  const kept = parts.slice(0, 4).map((part, i) => part & (0xffff << Math.max(0, (i + 1) * 16 - bits)))
  return `${kept.map((part) => part.toString(16)).join(':')}::/${bits}`
}
