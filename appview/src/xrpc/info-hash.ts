import { CallerError } from './caller-error.ts'

/**
 * Reads any form of an infohash, in either case: v1, v2 or truncated v2 in hex, v1 in base32 (BEP 9), or a magnet link.
 * Returns lowercase hex; for a magnet link with several infohashes, the v2.
 *
 * @throws CallerError InvalidInfoHash
 */
export function parseInfoHash(text: string): string {
  const [found] = parseInfoHashes(text)
  if (found === undefined) {
    throw new CallerError(
      'InvalidInfoHash',
      'Expected an infohash of 40 or 64 hexadecimal digits or 32 base32 digits, or a magnet link that contains one.',
    )
  }
  return found
}

/** Every infohash in a text that is an infohash or a magnet link, the v2 first; an empty list for any other text. */
export function parseInfoHashes(text: string): string[] {
  const trimmed = text.trim()
  if (!/^magnet:/i.test(trimmed)) return toHex(trimmed)
  const topics = [...new URLSearchParams(trimmed.slice(trimmed.indexOf('?') + 1))]
    .filter(([name]) => /^xt(\.\d+)?$/i.test(name))
    .map(([, topic]) => topic)
  const of = (prefix: RegExp) =>
    topics.filter((topic) => prefix.test(topic)).flatMap((topic) => toHex(topic.replace(prefix, '')))
  // 1220 is the multihash prefix of a whole sha2-256 digest.
  return [...of(/^urn:btmh:1220/i), ...of(/^urn:btih:/i)]
}

function toHex(text: string): string[] {
  if (/^(?:[\da-f]{40}|[\da-f]{64})$/i.test(text)) return [text.toLowerCase()]
  if (/^[a-z2-7]{32}$/i.test(text)) return [fromBase32(text.toUpperCase())]
  return []
}

function fromBase32(text: string): string {
  const digits = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'
  let bits = 0n
  for (const digit of text) bits = bits * 32n + BigInt(digits.indexOf(digit))
  return bits.toString(16).padStart(40, '0')
}
