import { cidForRawBytes, parseCid } from '@atproto/lex-data'
import type { GuardedFetch, GuardedRequest } from './guarded-fetch.ts'

/** A blob of an account, by its CID. */
export interface BlobOf {
  readonly did: string
  readonly cid: string
}

/** The bytes are not what the CID, or another digest in a record, says. */
export class BlobMismatchError extends Error {}

/** The URL of a blob at its account's server (`pds`, an origin), by `com.atproto.sync.getBlob`. */
export function blobUrl(pds: string, { did, cid }: BlobOf): URL {
  const url = new URL('/xrpc/com.atproto.sync.getBlob', pds)
  url.search = new URLSearchParams({ did, cid }).toString()
  return url
}

/**
 * Reads a blob from its account's server, and checks it against its CID.
 *
 * @throws BlobMismatchError, or a GuardedFetchError.
 */
export async function fetchBlob(
  fetch: GuardedFetch,
  { pds, ...blob }: BlobOf & { readonly pds: string },
  request: GuardedRequest,
): Promise<Uint8Array> {
  const { bytes } = await fetch.fetchBytes(blobUrl(pds, blob), {
    purpose: 'pds',
    account: blob.did,
    ...request,
  })
  // A blob's CID is always CIDv1, raw, SHA-256 (atproto data model, blobs).
  if (!(await cidForRawBytes(bytes)).equals(parseCid(blob.cid))) {
    throw new BlobMismatchError(`the PDS answered other bytes than the blob ${blob.cid}`)
  }
  return bytes
}
