import type { DidResolver, Resolution } from '../ingest/identity/did-resolver.ts'
import { createWindowCounts } from '../outbound/window-counts.ts'
import { visitorOf } from './address.ts'

export interface KeyLookupOptions {
  /** Resolves the DID again instead of using the remembered answer. */
  refresh: boolean
  /** The address of the client that sent the token. */
  address: string
}

/** The most look-ups that visitors may cause in a minute: from one address, and in all. */
export interface VisitorLimits {
  perAddress: number
  inAll: number
}

const defaultLimits: VisitorLimits = { perAddress: 10, inAll: 120 }

/**
 * Makes a function that finds an account's signing key. A client that names an account in a token has not proved anything
 * yet, so remembered keys are given to all, but look-ups at a directory or host are limited for each address.
 */
export function createKeyLookup(
  resolver: DidResolver,
  limits: VisitorLimits = defaultLimits,
): (did: string, options: KeyLookupOptions) => Promise<string> {
  const counts = createWindowCounts(60_000)
  const [each, all] = ['address', 'all'] as const
  return async (did, { refresh, address }) => {
    const known = refresh
      ? undefined
      : await resolver.resolve(did, { onlyKnown: true }).catch(() => undefined)
    if (known) return signingKey(did, known)
    const key = `${each} ${visitorOf(address)}`
    if (counts.of(key) >= limits.perAddress || counts.of(all) >= limits.inAll)
      throw new Error('too many keys were looked up for callers in this minute')
    counts.add(key)
    counts.add(all)
    return signingKey(did, await resolver.resolve(did, { refresh }))
  }
}

function signingKey(did: string, resolution: Resolution): string {
  if (resolution.status === 'found') return resolution.identity.signingKey.didKey
  throw new Error(`${did} does not resolve to a signing key`)
}
