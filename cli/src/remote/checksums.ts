import type { Checksum } from './remote-file.ts'

type Headers = (name: string) => string | null | undefined

const algorithms = { md5: 16, sha1: 20, sha256: 32, sha512: 64, crc32: 4 } as const

/** A checksum in hex; undefined unless it has the length of its algorithm. */
export function checksumOf(algorithm: string, hex: string, by: string): Checksum | undefined {
  const name = algorithm.toLowerCase().replace(/[-_\s]/g, '') as Checksum['algorithm']
  const digits = hex.trim().toLowerCase()
  const isPossible = Object.hasOwn(algorithms, name) && /^[0-9a-f]+$/.test(digits)
  return isPossible && digits.length === algorithms[name] * 2
    ? { algorithm: name, hex: digits, by }
    : undefined
}

/**
 * The checksums of a whole file in the headers of an answer: Content-MD5 (RFC 1864), Repr-Digest (RFC 9530),
 * x-amz-checksum-* of S3, x-goog-hash of Google Cloud Storage. That of an object in parts is of the parts (`…-3`).
 */
export function checksumsInHeaders(header: Headers): Checksum[] {
  const found: (Checksum | undefined)[] = [base64('md5', header('content-md5'), 'Content-MD5')]
  for (const [, name, value] of (header('repr-digest') ?? '').matchAll(/([a-z0-9-]+)=:([A-Za-z0-9+/=]+):/g))
    found.push(base64(name === 'sha' ? 'sha1' : name!, value, 'Repr-Digest'))
  for (const name of ['sha1', 'sha256', 'crc32'])
    found.push(base64(name, header(`x-amz-checksum-${name}`), `x-amz-checksum-${name}`))
  for (const [, value] of (header('x-goog-hash') ?? '').matchAll(/\bmd5=([A-Za-z0-9+/=]+)/g))
    found.push(base64('md5', value, 'x-goog-hash'))
  return found.filter((checksum) => checksum !== undefined)
}

/**
 * The MD5 that the ETag of an S3 object is if it was uploaded in one part and no key of the customer or of KMS encrypts
 * it.
 */
export function s3EtagChecksum(header: Headers): Checksum[] {
  const isEncrypted =
    /kms/i.test(header('x-amz-server-side-encryption') ?? '') ||
    Boolean(header('x-amz-server-side-encryption-customer-algorithm'))
  const hex = /^"([0-9a-f]{32})"$/i.exec(header('etag') ?? '')?.[1]
  return hex === undefined || isEncrypted
    ? []
    : [{ algorithm: 'md5', hex: hex.toLowerCase(), by: 'ETag of S3' }]
}

function base64(algorithm: string, value: string | null | undefined, by: string): Checksum | undefined {
  return value ? checksumOf(algorithm, Buffer.from(value.trim(), 'base64').toString('hex'), by) : undefined
}
