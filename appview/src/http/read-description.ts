import { LatestMap } from '../catalog/latest-map.ts'
import type { GuardedFetch } from '../guarded-fetch.ts'
import { type BlobOf, blobUrl, fetchBlob } from '../guarded-fetch-blob.ts'
import type { DidResolver } from '../ingest/identity/did-resolver.ts'

/** What came of asking for a description: its text, or why there is none. `url` is where its author's server has it. */
export type Description =
  | { readonly text: string; readonly url: string }
  | { readonly failure: 'too-large' | 'unavailable'; readonly url: string | undefined }

/** Reads a blob of Markdown from its author's server. Never throws for what a stranger's server does. */
export type ReadDescription = (did: string, blob: { cid: string; sizeBytes: number }) => Promise<Description>

/** A page of more than this serves nobody; whoever wants it whole goes to its author's server. */
const maxBytes = 2_000_000
const timeoutMs = 10_000
/** So that reading one page again and again asks its author's server once. */
const mostKept = 16

/** Reads descriptions through the guarded fetch, proves each against its CID, and keeps the last few. */
export function descriptionReader(guardedFetch: GuardedFetch, resolver: DidResolver): ReadDescription {
  const kept = new LatestMap<string, Promise<string | undefined>>(mostKept)

  async function textOf(pds: string, blob: BlobOf): Promise<string | undefined> {
    try {
      const bytes = await fetchBlob(guardedFetch, { pds, ...blob }, { maxBytes, timeoutMs, wait: false })
      return new TextDecoder().decode(bytes)
    } catch {
      return undefined
    }
  }

  return async (did, { cid, sizeBytes }) => {
    const pds = await pdsOf(resolver, did)
    if (pds === undefined) return { failure: 'unavailable', url: undefined }
    const url = blobUrl(pds, { did, cid }).href
    if (sizeBytes > maxBytes) return { failure: 'too-large', url }
    const reading = kept.get(url) ?? textOf(pds, { did, cid })
    kept.set(url, reading)
    const text = await reading
    if (text !== undefined) return { text, url }
    kept.delete(url)
    return { failure: 'unavailable', url }
  }
}

async function pdsOf(resolver: DidResolver, did: string): Promise<string | undefined> {
  const resolution = await resolver.resolve(did).catch(() => undefined)
  return resolution?.status === 'found' ? resolution.identity.pdsUrl : undefined
}
