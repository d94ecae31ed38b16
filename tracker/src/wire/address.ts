/** An address in the words that swarms store: the bytes of network order as they are in memory. */
export type AddressWords = Int32Array

const bytes = new Uint8Array(16)
const asWords = new Int32Array(bytes.buffer)
const groups = new Uint16Array(8)

/**
 * Parses an address in the form that Node prints into `into` (4 words; for IPv4 only the first is written).
 * @returns 0 for IPv4 (including IPv4-mapped IPv6 addresses), 1 for IPv6, -1 if it is neither
 */
export function readAddress(text: string, into: AddressWords): 0 | 1 | -1 {
  if (text.indexOf(':') < 0) {
    if (!readIpv4(text, 0, 0)) return -1
    into[0] = asWords[0]!
    return 0
  }
  if (!readIpv6(text)) return -1
  if (asWords[0] === 0 && asWords[1] === 0 && asWords[2] === mapped) {
    into[0] = asWords[3]!
    return 0
  }
  into.set(asWords)
  return 1
}

const mapped = new Int32Array(new Uint8Array([0, 0, 0xff, 0xff]).buffer)[0]!

/** Parses dotted decimals from `start` to the end of `text` into four bytes at `to`. */
function readIpv4(text: string, start: number, to: number): boolean {
  let value = 0
  let digits = 0
  let part = 0
  for (let at = start; at < text.length; at++) {
    const code = text.charCodeAt(at)
    if (code === 46) {
      if (digits === 0 || part === 3) return false
      bytes[to + part++] = value
      value = 0
      digits = 0
    } else {
      if (code < 48 || code > 57 || digits === 3) return false
      value = value * 10 + code - 48
      if (value > 255) return false
      digits++
    }
  }
  bytes[to + part] = value
  return part === 3 && digits > 0
}

function readIpv6(text: string): boolean {
  const zone = text.indexOf('%')
  const address = zone < 0 ? text : text.slice(0, zone)
  groups.fill(0)
  let count = 0
  let gap = -1
  let at = 0
  if (address.startsWith('::')) {
    gap = 0
    at = 2
  }
  while (at < address.length) {
    let end = address.indexOf(':', at)
    if (end < 0) end = address.length
    if (address.indexOf('.', at) >= 0 && end === address.length) {
      if (count > 6 || !readIpv4(address, at, 0)) return false
      groups[count++] = (bytes[0]! << 8) | bytes[1]!
      groups[count++] = (bytes[2]! << 8) | bytes[3]!
      break
    }
    const value = readHex(address, at, end)
    if (value < 0 || count === 8) return false
    groups[count++] = value
    at = end + 1
    if (end === address.length) break
    if (address.charCodeAt(at) === 58) {
      if (gap >= 0) return false
      gap = count
      at++
    } else if (at === address.length) return false
  }
  if (gap < 0 ? count !== 8 : count > 7) return false
  spread(count, gap)
  return true
}

function readHex(text: string, from: number, to: number): number {
  if (to === from || to - from > 4) return -1
  let value = 0
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at) | 32
    const digit = code >= 48 && code <= 57 ? code - 48 : code >= 97 && code <= 102 ? code - 87 : -1
    if (digit < 0) return -1
    value = value * 16 + digit
  }
  return value
}

function spread(count: number, gap: number): void {
  bytes.fill(0)
  const shift = gap < 0 ? 0 : 8 - count
  for (let group = 0; group < count; group++) {
    const to = (gap >= 0 && group >= gap ? group + shift : group) * 2
    bytes[to] = groups[group]! >>> 8
    bytes[to + 1] = groups[group]!
  }
}
