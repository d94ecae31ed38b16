import type { defs } from '@holdfast/lexicons'
import { ownValue } from '@holdfast/lexicons/own-value'

export type Uri = defs.Source['url']

/**
 * Converts a value to an absolute address or URN that the lexicon's `uri` accepts, with spaces escaped; undefined for
 * anything else.
 */
export function toUri(value: unknown): Uri | undefined {
  if (typeof value !== 'string') return undefined
  const text = value.trim().replace(/\s/g, encodeURIComponent)
  if (!/^[a-z][a-z0-9+.-]{0,80}:[^\s]+$/i.test(text) || text.length > 8_000) return undefined
  return /^https?:/i.test(text) && !URL.canParse(text) ? undefined : (text as Uri)
}

/** The kind of source that an address is. */
export function sourceKind(url: string, hint = ''): 'http' | 'ftp' | 's3' | 'bittorrent' | 'api' | 'web' {
  if (/^(s3|gs):/i.test(url)) return 's3'
  if (/^s?ftps?:/i.test(url)) return 'ftp'
  if (/^magnet:/i.test(url) || /\.torrent$/i.test(url)) return 'bittorrent'
  if (/\b(api|rest|wms|wfs|wcs|odata|opendap|graphql|sparql|service)\b/i.test(hint)) return 'api'
  return 'http'
}

/** The kind of an address from which a person navigates further, such as a landing page: `web` rather than `http`. */
export function pageKind(url: string, hint = ''): ReturnType<typeof sourceKind> {
  const kind = sourceKind(url, hint)
  return kind === 'http' ? 'web' : kind
}

const algorithms: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha1: 'sha-1',
  'sha-1': 'sha-1',
  sha256: 'sha-256',
  'sha-256': 'sha-256',
  sha512: 'sha-512',
  'sha-512': 'sha-512',
  blake3: 'blake3',
  crc32: 'crc32',
}

/** Reads a checksum in lowercase hexadecimal; `algorithm` may be a URI such as SPDX's `…#checksumAlgorithm_sha256`. */
export function toChecksum(algorithm: unknown, value: unknown): defs.Checksum | undefined {
  const name = String(algorithm ?? '')
    .toLowerCase()
    .replace(/^.*checksumalgorithm_/, '')
  const known = ownValue(algorithms, name) ?? ownValue(algorithms, name.replace(/[^a-z0-9]/g, ''))
  const digest = String(value ?? '')
    .trim()
    .toLowerCase()
    .replace(/^[a-z0-9-]+:/, '')
  return known && /^[0-9a-f]{8,128}$/.test(digest) ? { algorithm: known, value: digest } : undefined
}
