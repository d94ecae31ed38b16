import type { CommitFrame, SyncFrame } from '../frame/frame.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import { type RejectReason, reasonOf } from '../reject-reason.ts'
import type { Origin } from '../source/source.ts'
import type { RepoState } from '../state/repo-states.ts'
import { type VerifiedCommit, verifyCommit, verifySync } from '../verify/verify-commit.ts'
import { VerifyError, type VerifyFault } from '../verify/verify-error.ts'

/** What is to be done about a commit. */
export type Verdict =
  | { readonly kind: 'apply'; readonly verified: VerifiedCommit; readonly identity: RepoIdentity }
  /** Known already, or of no consequence. */
  | { readonly kind: 'pass' }
  | { readonly kind: 'reject'; readonly reason: RejectReason; readonly detail: string }
  /** Signed, but what we hold no longer follows from it: the repository must be read whole. */
  | { readonly kind: 'resync'; readonly why: string }

export interface Planning {
  readonly resolver: DidResolver
  readonly wantsPath: (path: string) => boolean
  /** Called before a stranger's server is asked. */
  readonly onAsk?: ((host: string) => void) | undefined
}

/** Faults of a commit that its repository did sign: the host left something out, so the whole repository is asked for. */
const incomplete: ReadonlySet<VerifyFault> = new Set(['missing-block', 'ops-mismatch', 'bad-proof'])

/**
 * Decides on a commit against the state we hold. Throws IdentityUnavailableError when the identity cannot be asked now:
 * then the event is neither applied nor refused.
 */
export async function verifyAndPlanCommit(
  event: { readonly frame: CommitFrame; readonly origin: Origin; readonly stored: RepoState | undefined },
  planning: Planning,
): Promise<Verdict> {
  const { frame, stored } = event
  if (stored?.rev && frame.rev <= stored.rev) return { kind: 'pass' }
  const outcome = await withIdentity(event, planning, (identity) =>
    verifyCommit(frame, { key: identity.signingKey, wantsPath: planning.wantsPath, nowMs: Date.now() }),
  )
  if (outcome.kind !== 'verified') return outcome
  const { verified, identity } = outcome
  if (verified.prevData === null) return { kind: 'resync', why: 'the commit does not say what it follows' }
  if (stored?.data && verified.prevData !== stored.data) {
    return { kind: 'resync', why: `commit ${frame.rev} does not follow ${stored.rev}` }
  }
  return { kind: 'apply', verified, identity }
}

/** Decides on a `#sync`: it either says what we hold, or that we must read the repository whole. */
export async function verifyAndPlanSync(
  event: { readonly frame: SyncFrame; readonly origin: Origin; readonly stored: RepoState | undefined },
  planning: Planning,
): Promise<Verdict> {
  const { frame, stored } = event
  if (stored?.rev && frame.rev <= stored.rev) return { kind: 'pass' }
  const outcome = await withIdentity(event, planning, (identity) =>
    verifySync(frame, { key: identity.signingKey, wantsPath: planning.wantsPath, nowMs: Date.now() }),
  )
  if (outcome.kind !== 'verified') return outcome
  const { rev, data } = outcome.verified
  if (stored?.data !== data) return { kind: 'resync', why: `the host announced commit ${rev} by #sync` }
  return { kind: 'apply', verified: { rev, data, prevData: data, changes: [] }, identity: outcome.identity }
}

type Outcome<T> =
  | Exclude<Verdict, { kind: 'apply' }>
  | { kind: 'verified'; verified: T; identity: RepoIdentity }

/** Verifies with the key we know, and once more with a fresh DID document when host or signature do not fit it. */
async function withIdentity<T>(
  { frame, origin }: { frame: { did: string }; origin: Origin },
  { resolver, onAsk }: Planning,
  verify: (identity: RepoIdentity) => Promise<T>,
): Promise<Outcome<T>> {
  for (const refresh of [false, true]) {
    const resolution = await resolver.resolve(frame.did, { refresh, onAsk })
    if (resolution.status === 'tombstoned') {
      return { kind: 'reject', reason: 'account-inactive', detail: 'the identity was given up' }
    }
    if (resolution.status === 'unresolvable') {
      if (!refresh) continue
      return { kind: 'reject', reason: 'did-unresolvable', detail: resolution.reason }
    }
    const { identity } = resolution
    if (origin.kind === 'pds' && identity.pdsHost !== origin.host) {
      if (!refresh) continue
      const detail = `${origin.host} speaks for an account that lives at ${identity.pdsHost}`
      return { kind: 'reject', reason: 'host-mismatch', detail }
    }
    try {
      return { kind: 'verified', verified: await verify(identity), identity }
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error
      if (error.fault === 'bad-signature' && !refresh) continue
      if (incomplete.has(error.fault)) return { kind: 'resync', why: error.message }
      return { kind: 'reject', reason: reasonOf(error.fault), detail: error.message }
    }
  }
  throw new Error('unreachable: the second round always decides')
}
