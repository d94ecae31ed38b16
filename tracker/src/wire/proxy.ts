import { BlockList, isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

/** The proxies whose statement of a client's address is trusted. */
export class TrustedProxies {
  readonly #list = new BlockList()
  readonly #any: boolean

  /** @param cidrs such as `10.0.0.0/8`, `::1` */
  constructor(cidrs: readonly string[]) {
    this.#any = cidrs.length > 0
    for (const cidr of cidrs) {
      const [address, bits] = ipaddr.parseCIDR(
        cidr.includes('/') ? cidr : `${cidr}/${cidr.includes(':') ? 128 : 32}`,
      )
      this.#list.addSubnet(address.toString(), bits, address.kind())
    }
  }

  get any(): boolean {
    return this.#any
  }

  trusts(address: string): boolean {
    if (!this.#any) return false
    const kind = isIP(address)
    if (kind === 0) return false
    if (kind === 6 && address.startsWith('::ffff:') && isIP(address.slice(7)) === 4) {
      return this.#list.check(address.slice(7), 'ipv4')
    }
    return this.#list.check(address, kind === 4 ? 'ipv4' : 'ipv6')
  }

  /**
   * The client behind `peer`: when `peer` is trusted, the rightmost address of X-Forwarded-For that is not.
   * @returns undefined if a trusted proxy sent something that is not an address
   */
  client(peer: string, forwardedFor: string | undefined): string | undefined {
    if (forwardedFor === undefined || !this.trusts(peer)) return peer
    const hops = forwardedFor.split(',')
    for (let hop = hops.length - 1; hop >= 0; hop--) {
      const address = bareAddress(hops[hop]!.trim())
      if (address === undefined) return undefined
      if (!this.trusts(address)) return address
    }
    return peer
  }
}

/** Extracts the address from `1.2.3.4`, `1.2.3.4:5678`, `2001:db8::1` or `[2001:db8::1]:5678`. */
function bareAddress(text: string): string | undefined {
  const bracketed = /^\[([0-9a-fA-F:.]+)\](?::\d+)?$/.exec(text)
  const address = bracketed?.[1] ?? (/^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(':')) : text)
  return isIP(address) === 0 ? undefined : address
}

const signature = Buffer.from('0d0a0d0a000d0a515549540a', 'hex')

/**
 * Reads a PROXY protocol v2 header (HAProxy's specification, section 2.2) at the start of `bytes`.
 * @returns undefined if there is none; `length` 0 while more bytes are needed; `address` undefined for LOCAL and for
 * families that are not TCP over IP; `broken` if the header violates the specification
 */
export function readProxyHeader(
  bytes: Buffer,
): { length: number; address?: string; broken?: boolean } | undefined {
  const begun = Math.min(bytes.length, signature.length)
  if (begun === 0 || bytes.compare(signature, 0, begun, 0, begun) !== 0) return undefined
  if (bytes.length < 16) return { length: 0 }
  const length = 16 + bytes.readUInt16BE(14)
  if (bytes[12]! >>> 4 !== 2 || length > mostHeaderBytes) return { length, broken: true }
  if (bytes.length < length) return { length: 0 }
  const command = bytes[12]! & 15
  if (command > 1) return { length, broken: true }
  if (command === 0) return { length }
  const family = bytes[13]!
  if (family === 0x11 && length >= 28) return { length, address: bytes.subarray(16, 20).join('.') }
  if (family === 0x21 && length >= 52) {
    return { length, address: ipaddr.fromByteArray([...bytes.subarray(16, 32)]).toString() }
  }
  return family === 0x11 || family === 0x21 ? { length, broken: true } : { length }
}

const mostHeaderBytes = 2048
