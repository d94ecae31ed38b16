import { LatestMap } from '../../catalog/latest-map.ts'
import type { GuardedFetch } from '../../guarded-fetch.ts'
import { GuardedFetchError, HttpStatusError } from '../../guarded-fetch-errors.ts'
import { createLimiter } from '../limiter.ts'
import { parseIdentity, type RepoIdentity } from './repo-identity.ts'

/** Who answers for a repository. */
export type Resolution =
  | { readonly status: 'found'; readonly identity: RepoIdentity }
  /** The directory says that this identity was given up. */
  | { readonly status: 'tombstoned' }
  /** There is no usable DID document, and asking again soon will not change that. */
  | { readonly status: 'unresolvable'; readonly reason: string }

export type DidResolver = {
  /**
   * Resolves a DID, from memory where it is fresh. With `refresh` the directory is asked, at most once in
   * `minRefreshMs` a DID. Throws IdentityUnavailable when the directory or host cannot be reached now.
   */
  resolve(did: string, options?: { refresh?: boolean }): Promise<Resolution>
  /** Forgets what is known of a DID, so that the next resolve asks. */
  forget(did: string): void
}

/** The directory or the host of a did:web does not answer: try again later. */
export class IdentityUnavailable extends Error {
  override readonly name = 'IdentityUnavailable'
  readonly did: string
  constructor(did: string, cause: unknown) {
    super(`cannot resolve ${did} now: ${cause instanceof Error ? cause.message : cause}`, { cause })
    this.did = did
  }
}

export type DidResolverOptions = {
  /** The PLC directory; the operator's choice, so not subject to the address guard. */
  readonly plcUrl: string
  readonly guardedFetch: GuardedFetch
  readonly allowPrivateHosts: boolean
  readonly ttlMs?: number
  readonly minRefreshMs?: number
  readonly capacity?: number
  readonly maxConcurrent?: number
}

const DOCUMENT_BYTES = 100_000
const TIMEOUT_MS = 10_000
/** A stranger's host gets less patience: events wait for it. */
const WEB_TIMEOUT_MS = 3_000
const UNRESOLVABLE_TTL_MS = 60_000
const DID_WEB = /^did:web:([a-z0-9-]+(?:\.[a-z0-9-]+)*)(?:%3A(\d{1,5}))?$/

/** Makes a resolver of did:plc and did:web that remembers and asks once for many who wait. */
export function createDidResolver(options: DidResolverOptions): DidResolver {
  const { ttlMs = 24 * 3_600_000, minRefreshMs = 10_000, capacity = 200_000 } = options
  const known = new LatestMap<string, { resolution: Resolution; atMs: number }>(capacity)
  const asking = new Map<string, Promise<Resolution>>()
  const limit = createLimiter(options.maxConcurrent ?? 32)

  const ask = (did: string): Promise<Resolution> => {
    const pending = asking.get(did)
    if (pending) return pending
    const started = limit(() => fetchResolution(did, options))
      .then((resolution) => {
        known.set(did, { resolution, atMs: Date.now() })
        return resolution
      })
      .finally(() => asking.delete(did))
    asking.set(did, started)
    return started
  }
  return {
    async resolve(did, { refresh = false } = {}) {
      const held = known.get(did)
      const lifeMs = held?.resolution.status === 'unresolvable' ? UNRESOLVABLE_TTL_MS : ttlMs
      const ageMs = held ? Date.now() - held.atMs : Number.POSITIVE_INFINITY
      if (held && ageMs < (refresh ? minRefreshMs : lifeMs)) return held.resolution
      return ask(did)
    },
    forget: (did) => void known.delete(did),
  }
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
    // Directories answer 404 for tombstones, too; the log tells them from DIDs that never were.
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
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
    answer = { status: response.status, text: await response.text() }
  } catch (cause) {
    throw new IdentityUnavailable(did, cause)
  }
  if ([200, 404, 410].includes(answer.status)) return answer
  throw new IdentityUnavailable(did, `the directory answered with status ${answer.status}`)
}

async function fetchWeb(did: string, options: DidResolverOptions): Promise<Resolution> {
  const [, host, port] = DID_WEB.exec(did) ?? []
  // A port is for development only (atproto DID spec).
  if (!host || (port && !options.allowPrivateHosts))
    return { status: 'unresolvable', reason: 'not a did:web of a host' }
  const origin = host === 'localhost' ? `http://localhost:${port ?? 80}` : `https://${host}`
  try {
    const { bytes } = await options.guardedFetch.fetchBytes(`${origin}/.well-known/did.json`, {
      maxBytes: DOCUMENT_BYTES,
      timeoutMs: WEB_TIMEOUT_MS,
    })
    return parse(did, new TextDecoder().decode(bytes), options)
  } catch (cause) {
    const definite =
      cause instanceof GuardedFetchError &&
      !cause.retryable &&
      !(cause instanceof HttpStatusError && cause.status === 401)
    if (definite) return { status: 'unresolvable', reason: cause.message }
    throw new IdentityUnavailable(did, cause)
  }
}

function parse(did: string, text: string, options: DidResolverOptions): Resolution {
  const identity = parseIdentity(did, text, options.allowPrivateHosts)
  return typeof identity === 'string'
    ? { status: 'unresolvable', reason: identity }
    : { status: 'found', identity }
}
