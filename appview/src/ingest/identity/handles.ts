import { HandleResolver } from '@atproto/identity'
import { isValidHandle } from '@atproto/syntax'
import type { GuardedFetch } from '../../guarded-fetch.ts'
import { createLimiter } from '../limiter.ts'
import type { RepoIdentity } from './repo-identity.ts'

/** Answers with the handle that an identity claims if it resolves back to its DID, else null; may throw to be asked again. */
export type HandleCheck = (identity: RepoIdentity) => Promise<string | null>

const TIMEOUT_MS = 3_000
/** A DID is short; whatever else a host answers is not read. */
const MAX_BYTES = 2_048
const RESERVED = /\.(test|localhost|local|invalid|example|internal|arpa|onion)$/

/** Looks handles up by DNS, then HTTPS (atproto handle spec); undefined for one that leads nowhere. */
export function createHandleLookup(
  guardedFetch: GuardedFetch,
): (handle: string) => Promise<string | undefined> {
  const resolver = new HandleResolver({
    timeout: TIMEOUT_MS,
    fetch: async (input) => {
      const request = { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS }
      const { bytes } = await guardedFetch.fetchBytes(String(input), request)
      return new Response(new TextDecoder().decode(bytes))
    },
  })
  return (handle) => resolver.resolve(handle)
}

/**
 * Makes the check of handles (atproto handle spec: DNS, then HTTPS). In development, where handles end in
 * `.test` and no DNS knows them, the account's own PDS is asked.
 */
export function createHandleCheck(options: {
  guardedFetch: GuardedFetch
  allowPrivateHosts: boolean
}): HandleCheck {
  const { guardedFetch } = options
  const limit = createLimiter(16)
  const lookUp = createHandleLookup(guardedFetch)
  return async ({ did, claimedHandle: handle, pdsUrl }) => {
    if (!handle || !isValidHandle(handle)) return null
    if (!RESERVED.test(handle)) return (await limit(() => lookUp(handle))) === did ? handle : null
    if (!options.allowPrivateHosts) return null
    const url = new URL('/xrpc/com.atproto.identity.resolveHandle', pdsUrl)
    url.searchParams.set('handle', handle)
    const answer = await guardedFetch.fetchBytes(url, { maxBytes: MAX_BYTES, timeoutMs: TIMEOUT_MS })
    return new TextDecoder().decode(answer.bytes).includes(JSON.stringify(did)) ? handle : null
  }
}
