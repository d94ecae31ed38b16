import { LatestMap } from '@holdfast/runtime/latest-map'
import type { DidResolver } from '../ingest/identity/did-resolver.ts'
import type { GuardedFetch } from '../outbound/guarded-fetch.ts'
import { type BlobOf, blobUrl, fetchBlob } from '../outbound/guarded-fetch-blob.ts'

/** The result of reading a blob: its bytes, or why there are none. `url` is its address at its author's server. */
export type BlobRead =
  | { readonly bytes: Uint8Array; readonly url: string }
  | { readonly failure: 'too-large' | 'unavailable'; readonly url: string | undefined }

/** Reads a blob from its author's server. Never throws because of what that server does. */
export type ReadBlob = (did: string, blob: { cid: string; sizeBytes: number }) => Promise<BlobRead>

const timeoutMs = 10_000

/**
 * Makes a function that reads blobs of at most `maxBytes` through the guarded fetch and checks each against its CID. The
 * last few are kept in memory.
 */
export function blobReader(
  guardedFetch: GuardedFetch,
  resolver: DidResolver,
  { maxBytes, mostKept }: { maxBytes: number; mostKept: number },
): ReadBlob {
  const kept = new LatestMap<string, Promise<Uint8Array | undefined>>(mostKept)

  function bytesOf(pds: string, blob: BlobOf): Promise<Uint8Array | undefined> {
    const request = { maxBytes, timeoutMs, wait: false }
    return fetchBlob(guardedFetch, { pds, ...blob }, request).catch(() => undefined)
  }

  return async (did, { cid, sizeBytes }) => {
    const pds = await pdsOf(resolver, did)
    if (pds === undefined) return { failure: 'unavailable', url: undefined }
    const url = blobUrl(pds, { did, cid }).href
    if (sizeBytes > maxBytes) return { failure: 'too-large', url }
    const reading = kept.get(url) ?? bytesOf(pds, { did, cid })
    kept.set(url, reading)
    const bytes = await reading
    if (bytes !== undefined) return { bytes, url }
    kept.delete(url)
    return { failure: 'unavailable', url }
  }
}

async function pdsOf(resolver: DidResolver, did: string): Promise<string | undefined> {
  const resolution = await resolver.resolve(did).catch(() => undefined)
  return resolution?.status === 'found' ? resolution.identity.pdsUrl : undefined
}
