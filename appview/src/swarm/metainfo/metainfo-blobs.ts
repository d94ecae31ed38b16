import { cidForRawBytes } from '@atproto/lex-data'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { BlobMismatchError, fetchBlob } from '../../outbound/guarded-fetch-blob.ts'
import { joinBytes } from '../../outbound/join-bytes.ts'

/** The part of a torrent record that says where its `.torrent` bytes are. */
export interface MetainfoSources {
  metainfo?: BlobRef
  metainfoParts?: { blob: BlobRef }[]
  metainfoUrls?: { url: string; sha256: string; sizeBytes?: number }[]
}

interface BlobRef {
  ref: { $link: string }
  size?: number
}

/** The record declares metainfo that is larger than this server reads. */
export class DeclaredTooLargeError extends Error {}

export interface BlobRequest {
  did: string
  /** The account's PDS, as an origin. */
  pds: string
  maxBytes: number
  timeoutMs: number
  signal: AbortSignal
  /** Whether hosts other than that PDS may be asked. */
  admitted: boolean
}

/** The account's PDS does not have the metainfo, and other hosts are not asked before the record is let in. */
export class NotAdmittedError extends Error {
  override readonly name = 'NotAdmittedError'
}

/**
 * Reads a record's `.torrent` from the author's PDS, from its parts in order, or from the addresses it names, and
 * checks each against its CID (or SHA-256). Returns the bytes with the CID of the whole (raw codec, SHA-256).
 *
 * @throws BlobMismatchError, DeclaredTooLargeError, or a GuardedFetchError.
 */
export async function readMetainfo(
  fetch: GuardedFetch,
  sources: MetainfoSources,
  request: BlobRequest,
): Promise<{ cid: string; bytes: Uint8Array }> {
  const bytes = await readWhole(fetch, sources, request)
  return { cid: (await cidForRawBytes(bytes)).toString(), bytes }
}

async function readWhole(
  fetch: GuardedFetch,
  sources: MetainfoSources,
  request: BlobRequest,
): Promise<Uint8Array> {
  if (sources.metainfo) return readBlob(fetch, sources.metainfo, request)
  if (sources.metainfoParts?.length) {
    const parts: Uint8Array[] = []
    let left = request.maxBytes
    for (const { blob } of sources.metainfoParts) {
      const part = await readBlob(fetch, blob, { ...request, maxBytes: left })
      left -= part.length
      parts.push(part)
    }
    return joinBytes(parts)
  }
  if (!request.admitted)
    throw new NotAdmittedError(
      'hosts other than the PDS are asked for the metainfo only once the record is let in',
    )
  return readFirstUrl(fetch, sources.metainfoUrls ?? [], request)
}

async function readBlob(fetch: GuardedFetch, blob: BlobRef, request: BlobRequest): Promise<Uint8Array> {
  const { did, pds, maxBytes, timeoutMs, signal } = request
  if ((blob.size ?? 0) > maxBytes) {
    throw new DeclaredTooLargeError(`the blob has ${blob.size} bytes; this server reads ${maxBytes}`)
  }
  const asked = { did, pds, cid: blob.ref.$link }
  return fetchBlob(fetch, asked, { maxBytes, timeoutMs, signal, account: did })
}

async function readFirstUrl(
  fetch: GuardedFetch,
  urls: NonNullable<MetainfoSources['metainfoUrls']>,
  request: BlobRequest,
): Promise<Uint8Array> {
  let failure: unknown = new BlobMismatchError('the record names no place to read the metainfo from')
  for (const { url, sha256 } of urls) {
    try {
      const { maxBytes, timeoutMs, signal, did } = request
      const { bytes } = await fetch.fetchBytes(url, { maxBytes, timeoutMs, signal, account: did })
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
      if (Buffer.from(digest).toString('hex') === sha256.toLowerCase()) return bytes
      failure = new BlobMismatchError(`${url} answered bytes with another SHA-256 than the record's`)
    } catch (error) {
      if (request.signal.aborted) throw error
      failure = error
    }
  }
  throw failure
}
