/** An infohash in its normalized spelling, lowercase hex. */
export interface InfoHash {
  /** `short`: 40 digits, which are a v1 infohash or a v2 infohash cut to 20 bytes; they look alike. `v2`: all 64 digits. */
  readonly form: 'short' | 'v2'
  readonly hex: string
}

/**
 * Reads any spelling of an infohash: 40 hex digits, 32 base32 digits, 64 hex digits, the multihash of BEP 9 (`1220` and 64
 * hex digits), each in either case and with or without `urn:btih:` or `urn:btmh:`. Null for anything else.
 */
export function normalizeInfoHash(text: string): InfoHash | null {
  const digits = text
    .trim()
    .toLowerCase()
    .replace(/^(xt=)?urn:bt[im]h:/, '')
  if (/^[0-9a-f]{40}$/.test(digits)) return { form: 'short', hex: digits }
  if (/^[0-9a-f]{64}$/.test(digits)) return { form: 'v2', hex: digits }
  if (/^1220[0-9a-f]{64}$/.test(digits)) return { form: 'v2', hex: digits.slice(4) }
  if (/^[a-z2-7]{32}$/.test(digits)) return { form: 'short', hex: base32ToHex(digits) }
  return null
}

/** The 40 hex digits that identify a v2 torrent to trackers, peers and the DHT (BEP 52). */
export function truncate(infoHashV2: string): string {
  return infoHashV2.slice(0, 40)
}

/** Every 40-digit infohash under which a torrent is announced. */
export function announcedInfoHashes(torrent: {
  readonly infoHashV1?: string | null
  readonly infoHashV2?: string | null
}): string[] {
  return [torrent.infoHashV1, torrent.infoHashV2 && truncate(torrent.infoHashV2)].filter(
    (hash) => !!hash,
  ) as string[]
}

const alphabet = 'abcdefghijklmnopqrstuvwxyz234567'

function base32ToHex(digits: string): string {
  let value = 0n
  for (const digit of digits) value = value * 32n + BigInt(alphabet.indexOf(digit))
  return value.toString(16).padStart(40, '0')
}
