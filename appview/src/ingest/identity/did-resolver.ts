import { LatestMap } from '@holdfast/runtime/latest-map'
import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'
import { GuardedFetchError, HttpStatusError } from '../../outbound/guarded-fetch-errors.ts'
import { createLimiter } from '../../runtime/limiter.ts'
import { parseIdentity, type RepoIdentity } from './repo-identity.ts'

/** The result of resolving a DID. */
export type Resolution =
  | { readonly status: 'found'; readonly identity: RepoIdentity }
  /** The directory says that this identity was tombstoned, that is, given up for good. */
  | { readonly status: 'tombstoned' }
  /** There is no usable DID document, and that will not change soon. */
  | { readonly status: 'unresolvable'; readonly reason: string }

export interface DidResolver {
  /**
   * Resolves a DID, from memory if the answer is recent. With `refresh` the directory is asked, but at most once in
   * `minRefreshMs` for a DID; with `onlyKnown` nobody is asked. Throws IdentityUnavailableError when the directory or host
   * cannot be reached or may not be asked. `onAsk` is called before a stranger's server is asked; what it throws is thrown.
   */
  resolve(
    did: string,
    options?: { refresh?: boolean; onlyKnown?: boolean; onAsk?: ((host: string) => void) | undefined },
  ): Promise<Resolution>
  /** Forgets the answer for a DID, so that the next `resolve` asks again. */
  forget(did: string): void
}

/** The directory, or the host of a did:web, does not answer now; try again later. */
export class IdentityUnavailableError extends Error {
  override readonly name = 'IdentityUnavailableError'
  readonly did: string
  constructor(did: string, cause: unknown) {
    super(`cannot resolve ${did} now: ${cause instanceof Error ? cause.message : cause}`, { cause })
    this.did = did
  }
}

export interface DidResolverOptions {
  /** The URL of the PLC directory. The operator chose it, so the address guard does not apply. */
  readonly plcUrl: string
  readonly guardedFetch: GuardedFetch
  readonly allowPrivateHosts: boolean
  readonly ttlMs?: number
  readonly minRefreshMs?: number
  readonly capacity?: number
  readonly maxConcurrent?: number
}

const documentBytes = 100_000
const lookupTimeoutMs = 10_000
/** The time limit for a stranger's host; short, because events wait for it. */
const webTimeoutMs = 3_000
const unresolvableTtlMs = 60_000
const didWeb = /^did:web:([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?:%3A(\d{1,5}))?$/

/** Makes a resolver of did:plc and did:web that remembers answers, and asks once for all callers that wait. */
export function createDidResolver(options: DidResolverOptions): DidResolver {
  const { ttlMs = 24 * 3_600_000, minRefreshMs = 10_000, capacity = 200_000 } = options
  const known = new LatestMap<string, { resolution: Resolution; atMs: number }>(capacity)
  const asking = new Map<string, Promise<Resolution>>()
  const limit = createLimiter(options.maxConcurrent ?? 32)
  // did:web has its own limit, so that slow servers of strangers do not block requests to the directory.
  const limitWeb = createLimiter(options.maxConcurrent ?? 32)

  const ask = (did: string): Promise<Resolution> => {
    const pending = asking.get(did)
    if (pending) return pending
    const started = (did.startsWith('did:web:') ? limitWeb : limit)(() => fetchResolution(did, options))
      .then((resolution) => {
        known.set(did, { resolution, atMs: Date.now() })
        return resolution
      })
      .finally(() => asking.delete(did))
    asking.set(did, started)
    return started
  }
  const fresh = (did: string, refresh: boolean): Resolution | undefined => {
    const cached = known.get(did)
    const lifeMs = cached?.resolution.status === 'unresolvable' ? unresolvableTtlMs : ttlMs
    const ageMs = cached ? Date.now() - cached.atMs : Number.POSITIVE_INFINITY
    return cached && ageMs < (refresh ? minRefreshMs : lifeMs) ? cached.resolution : undefined
  }
  return {
    async resolve(did, { refresh = false, onlyKnown = false, onAsk } = {}) {
      const cached = fresh(did, refresh)
      if (cached) return cached
      if (onlyKnown) throw new IdentityUnavailableError(did, 'it was not resolved before')
      const host = didWebHost(did)
      if (host !== undefined) onAsk?.(host)
      return ask(did)
    },
    forget: (did) => void known.delete(did),
  }
}

/** The host that is asked for a did:web; undefined for other DIDs. */
export function didWebHost(did: string): string | undefined {
  return didWeb.exec(did)?.[1]
}

async function fetchResolution(did: string, options: DidResolverOptions): Promise<Resolution> {
  if (did.startsWith('did:plc:')) return fetchPlc(did, options)
  if (did.startsWith('did:web:')) return fetchWeb(did, options)
  return { status: 'unresolvable', reason: 'only did:plc and did:web are followed' }
}

async function fetchPlc(did: string, options: DidResolverOptions): Promise<Resolution> {
  const document = await askDirectory(did, '', options)
  if (document.status === 410) return { status: 'tombstoned' }
  if (document.status === 404) {
    // Directories answer 404 for tombstones too; the log distinguishes them from DIDs that never existed.
    const last = await askDirectory(did, '/log/last', options)
    if (last.text.includes('"plc_tombstone"')) return { status: 'tombstoned' }
    return { status: 'unresolvable', reason: 'the directory does not know it' }
  }
  return parse(did, document.text, options)
}

async function askDirectory(
  did: string,
  path: string,
  { plcUrl }: DidResolverOptions,
): Promise<{ status: number; text: string }> {
  let answer: { status: number; text: string }
  try {
    const response = await fetch(new URL(`/${encodeURIComponent(did)}${path}`, plcUrl), {
      signal: AbortSignal.timeout(lookupTimeoutMs),
    })
    answer = { status: response.status, text: await response.text() }
  } catch (cause) {
    throw new IdentityUnavailableError(did, cause)
  }
  if ([200, 404, 410].includes(answer.status)) return answer
  throw new IdentityUnavailableError(did, `the directory answered with status ${answer.status}`)
}

async function fetchWeb(did: string, options: DidResolverOptions): Promise<Resolution> {
  const [, host, port] = didWeb.exec(did) ?? []
  // A port is allowed only in development (atproto DID spec).
  if (!host || (port && !options.allowPrivateHosts))
    return { status: 'unresolvable', reason: 'not a did:web of a host' }
  const origin = host === 'localhost' ? `http://localhost:${port ?? 80}` : `https://${host}`
  try {
    const { bytes } = await options.guardedFetch.fetchBytes(`${origin}/.well-known/did.json`, {
      maxBytes: documentBytes,
      timeoutMs: webTimeoutMs,
      purpose: 'identity',
      account: did,
    })
    return parse(did, new TextDecoder().decode(bytes), options)
  } catch (cause) {
    const definite =
      cause instanceof GuardedFetchError &&
      !cause.retryable &&
      !(cause instanceof HttpStatusError && cause.status === 401)
    if (definite) return { status: 'unresolvable', reason: cause.message }
    throw new IdentityUnavailableError(did, cause)
  }
}

function parse(did: string, text: string, options: DidResolverOptions): Resolution {
  const identity = parseIdentity(did, text, options.allowPrivateHosts)
  return typeof identity === 'string'
    ? { status: 'unresolvable', reason: identity }
    : { status: 'found', identity }
}
