import { cidForRawBytes, parseCid } from '@atproto/lex-data'
import type { GuardedFetch } from '../guarded-fetch.ts'
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
  const kept = new Map<string, Promise<string | undefined>>()

  async function textOf(url: URL, cid: string): Promise<string | undefined> {
    try {
      const { bytes } = await guardedFetch.fetchBytes(url, { maxBytes, timeoutMs, wait: false })
      const isRight = (await cidForRawBytes(bytes)).equals(parseCid(cid))
      return isRight ? new TextDecoder().decode(bytes) : undefined
    } catch {
      return undefined
    }
  }

  return async (did, { cid, sizeBytes }) => {
    const url = await blobUrl(resolver, did, cid)
    if (url === undefined) return { failure: 'unavailable', url }
    if (sizeBytes > maxBytes) return { failure: 'too-large', url: url.href }
    const key = url.href
    const reading = kept.get(key) ?? textOf(url, cid)
    kept.delete(key)
    kept.set(key, reading)
    if (kept.size > mostKept) kept.delete(kept.keys().next().value!)
    const text = await reading
    if (text !== undefined) return { text, url: url.href }
    kept.delete(key)
    return { failure: 'unavailable', url: url.href }
  }
}

async function blobUrl(resolver: DidResolver, did: string, cid: string): Promise<URL | undefined> {
  const resolution = await resolver.resolve(did).catch(() => undefined)
  if (resolution?.status !== 'found') return undefined
  const url = new URL('/xrpc/com.atproto.sync.getBlob', resolution.identity.pdsUrl)
  url.search = new URLSearchParams({ did, cid }).toString()
  return url
}
