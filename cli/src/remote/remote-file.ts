import { counted } from '@holdfast/runtime/counted'

/** A hash that the origin publishes of a file, as lower-case hex. */
export interface Checksum {
  readonly algorithm: 'md5' | 'sha1' | 'sha256' | 'sha512' | 'crc32'
  readonly hex: string
  /** What published it, for messages. */
  readonly by: string
}

/** A file at an address, as a listing or a repository describes it. */
export interface RemoteFile {
  readonly url: string
  /** The name that the file has in a torrent of its own. */
  readonly name: string
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
  readonly checksums?: readonly Checksum[] | undefined
  /** Whether it is an object of S3 or a compatible store, whose ETag may be an MD5. */
  readonly isS3?: boolean | undefined
}

/** A file that was looked at: its length, and what tells a change. */
export interface KnownFile extends RemoteFile {
  readonly sizeBytes: number
  readonly checksums: readonly Checksum[]
  /** Whether the server says that it answers requests for a range. */
  readonly takesRanges: boolean
}

/** Names exactly the bytes of a file: what was hashed under it holds as long as it stays the same. */
export function identityOf({ url, sizeBytes, etag, lastModified }: KnownFile, run: string): string {
  // Without a validator nothing tells a change, so what is hashed holds for this run only.
  const version = etag ?? lastModified ?? `run ${run}`
  return `${url}\n${sizeBytes}\n${version}`
}

/** What a server says about a file's version. */
export interface Version {
  readonly sizeBytes?: number | undefined
  readonly etag?: string | undefined
  readonly lastModified?: string | undefined
}

/** Says what differs between two versions of a file; undefined if nothing does. */
export function describeChange(before: Version, after: Version): string | undefined {
  const both = <Value>(a: Value | undefined, b: Value | undefined) => a !== undefined && b !== undefined
  if (both(before.sizeBytes, after.sizeBytes) && before.sizeBytes !== after.sizeBytes)
    return `its length was ${counted(before.sizeBytes, 'byte')} and is ${after.sizeBytes}`
  if (both(before.etag, after.etag) && strong(before.etag!) !== strong(after.etag!)) return 'its ETag changed'
  // A new time with the same ETag is that of another server of the same files.
  if (!both(before.etag, after.etag) && both(before.lastModified, after.lastModified))
    if (before.lastModified !== after.lastModified) return 'its Last-Modified changed'
  return undefined
}

/** The validator for `If-Range`, which must be a strong one (RFC 9110, section 13.1.5). */
export function rangeValidator({ etag, lastModified }: Pick<Version, 'etag' | 'lastModified'>) {
  return etag !== undefined && !etag.startsWith('W/') ? etag : lastModified
}

function strong(etag: string): string {
  return etag.replace(/^W\//, '')
}
