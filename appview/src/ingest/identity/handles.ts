import { isValidHandle } from '@atproto/syntax'
import { LatestMap } from '@holdfast/runtime/latest-map'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { HostBusyError } from '../../outbound/guarded-fetch-errors.ts'
import { type NameCaller, NameError } from '../../outbound/names.ts'
import { isPublicHost } from '../../outbound/public-host.ts'
import { createLimiter } from '../../runtime/limiter.ts'
import type { RepoIdentity } from './repo-identity.ts'

/** Resolves with the handle that an identity claims if the handle resolves back to its DID, else null. Throws to be called again later. */
export type HandleCheck = (identity: RepoIdentity) => Promise<string | null>

/**
 * Resolves a handle to a DID by DNS, then HTTPS (atproto handle spec); undefined when it does not resolve.
 *
 * @throws HandleBusyError when no request was sent because of the caller's limit.
 */
export type HandleLookup = (handle: string, caller: NameCaller) => Promise<string | undefined>

/** Too many handles were looked up for this caller, so it is unknown whether the handle resolves. */
export class HandleBusyError extends Error {
  override readonly name = 'HandleBusyError'
}

const lookupTimeoutMs = 3_000
/** The most bytes read of a host's answer, which should be a DID. */
const mostBytes = 2_048
const mostKept = 20_000
const [foundMs, missingMs] = [300_000, 60_000]

/** Looks handles up, and remembers the answers for some minutes. */
export function createHandleLookup(guardedFetch: GuardedFetch): HandleLookup {
  const known = new LatestMap<string, { did: string | undefined; untilMs: number }>(mostKept)
  return async (handle, caller) => {
    const kept = known.get(handle)
    if (kept && kept.untilMs > Date.now()) return kept.did
    const did = (await byDns(guardedFetch, handle, caller)) ?? (await byHttps(guardedFetch, handle, caller))
    known.set(handle, { did, untilMs: Date.now() + (did === undefined ? missingMs : foundMs) })
    return did
  }
}

async function byDns(fetch: GuardedFetch, handle: string, caller: NameCaller): Promise<string | undefined> {
  try {
    const texts = await fetch.textsOf(`_atproto.${handle}`, caller)
    const dids = texts.flatMap((text) => (text.startsWith('did=') ? [text.slice('did='.length)] : []))
    return dids.length === 1 ? dids[0] : undefined
  } catch (cause) {
    if (!(cause instanceof NameError)) throw cause
    if (cause.why === 'busy') throw new HandleBusyError(cause.message, { cause })
    // A name server that fails says nothing against the other way.
    return undefined
  }
}

async function byHttps(fetch: GuardedFetch, handle: string, caller: NameCaller): Promise<string | undefined> {
  const request = { maxBytes: mostBytes, timeoutMs: lookupTimeoutMs, purpose: 'identity', caller } as const
  try {
    const { bytes } = await fetch.fetchBytes(`https://${handle}/.well-known/atproto-did`, request)
    const did = new TextDecoder().decode(bytes).split('\n')[0]!.trim()
    return did.startsWith('did:') ? did : undefined
  } catch (cause) {
    if (cause instanceof HostBusyError) throw new HandleBusyError(cause.message, { cause })
    return undefined
  }
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
    if (isPublicHost(handle)) {
      const caller = { kind: 'account', id: did } as const
      return (await limit(() => lookUp(handle.toLowerCase(), caller))) === did ? handle : null
    }
    if (!options.allowPrivateHosts) return null
    const url = new URL('/xrpc/com.atproto.identity.resolveHandle', pdsUrl)
    url.searchParams.set('handle', handle)
    const answer = await guardedFetch.fetchBytes(url, {
      maxBytes: mostBytes,
      timeoutMs: lookupTimeoutMs,
      purpose: 'pds',
      account: did,
    })
    return new TextDecoder().decode(answer.bytes).includes(JSON.stringify(did)) ? handle : null
  }
}
