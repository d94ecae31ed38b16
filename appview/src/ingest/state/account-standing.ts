import { ownValue } from '@holdfast/lexicons/own-value'
import { LatestMap } from '@holdfast/runtime/latest-map'
import type { AccountUpdate } from '../../catalog/accounts.ts'
import { PrivateAddressError } from '../../outbound/guarded-fetch-errors.ts'
import type { AccountFrame } from '../frame/frame.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { HandleCheck } from '../identity/handles.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { Origin } from '../source/source.ts'
import { HostRefusedError, type PdsClient } from './pds-client.ts'

/** Finds out the state of an account from the two sources with authority: its DID document and the PDS that it names. */
export interface AccountStanding {
  /** Resolves with what to write about an account when its first record arrives; `active: false` when its PDS says so. */
  firstSight(identity: RepoIdentity, origin: Origin, onAsk: OnAsk): Promise<AccountUpdate>
  onAccountEvent(frame: AccountFrame, origin: Origin, onAsk: OnAsk): Promise<AccountUpdate | 'not-theirs'>
  onIdentityEvent(did: string, onAsk: OnAsk): Promise<AccountUpdate>
  /** Whether the account was found inactive a short while ago, and no event about it came since. */
  isKnownInactive(did: string): boolean
  /** Checks the handle and then writes it, without making anything wait. */
  checkHandleSoon(identity: RepoIdentity): void
}

/** Called before a stranger's server is asked; may throw to prevent that. */
export type OnAsk = (host: string) => void

export interface StandingParts {
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly checkHandle: HandleCheck
  /** Called when a handle was checked after the account was already written. */
  readonly onHandle: (update: AccountUpdate) => void
}

/** How long an account is remembered as inactive, so that not every commit of it causes a request to its server. */
const inactiveMs = 10 * 60_000
const maxInactive = 100_000
const handleTries = 4
const handleRetryMs = 2_000

const statusOf: Record<string, string> = {
  RepoTakendown: 'takendown',
  RepoSuspended: 'suspended',
  RepoDeactivated: 'deactivated',
  RepoNotFound: 'deleted',
}

export function createAccountStanding(parts: StandingParts): AccountStanding {
  const { resolver, pds } = parts
  const inactive = new LatestMap<string, number>(maxInactive)
  // Resolving a handle by DNS may take seconds, so no event waits for it.
  const later = async (identity: RepoIdentity, tries = 1): Promise<void> => {
    try {
      parts.onHandle({ did: identity.did, handle: await parts.checkHandle(identity) })
    } catch {
      if (tries < handleTries) setTimeout(() => void later(identity, tries + 1), handleRetryMs).unref()
    }
  }
  return {
    async firstSight(identity, origin, onAsk) {
      const { did, pdsHost } = identity
      if (origin.kind !== 'pds') onAsk(pdsHost)
      // A commit may be old, so it does not show that the account still exists.
      const askedAtMs = origin.kind === 'pds' ? 0 : Date.now()
      const status = origin.kind === 'pds' ? { active: true } : await askPds(pds, identity)
      if (status?.active === false) {
        inactive.set(did, Date.now())
        return { did, pdsHost, active: false, status: status.status ?? null }
      }
      void later(identity)
      return { did, pdsHost, active: true, status: null, askedAtMs }
    },
    async onAccountEvent({ did, active, status }, origin, onAsk) {
      inactive.delete(did)
      const word: AccountUpdate = { did, active, status: active ? null : (status ?? null) }
      const resolution = await resolver.resolve(did, { refresh: true, onAsk })
      if (resolution.status === 'tombstoned') return { did, active: false, status: 'deleted' }
      if (resolution.status === 'unresolvable') return reversible(word)
      const { identity } = resolution
      if (origin.kind === 'pds') return identity.pdsHost === origin.host ? word : 'not-theirs'
      onAsk(identity.pdsHost)
      const askedAtMs = Date.now()
      const said = await askPds(pds, identity)
      // A relay may hide an account by its own decision; only the PDS can say that it was deleted.
      if (!said) return reversible(word)
      if (said.active && !active && status === 'takendown') return word
      return { did, pdsHost: identity.pdsHost, active: said.active, status: said.status ?? null, askedAtMs }
    },
    async onIdentityEvent(did, onAsk) {
      inactive.delete(did)
      const resolution = await resolver.resolve(did, { onAsk })
      if (resolution.status === 'tombstoned') return { did, active: false, status: 'deleted' }
      if (resolution.status === 'unresolvable') return { did, handle: null }
      const { identity } = resolution
      void later(identity)
      return { did, pdsHost: identity.pdsHost }
    },
    isKnownInactive: (did) => Date.now() - (inactive.get(did) ?? 0) < inactiveMs,
    checkHandleSoon: (identity) => void later(identity),
  }
}

/** Asks the PDS; undefined when it cannot be reached now. Throws PrivateAddressError, since such a PDS is not accepted. */
async function askPds(
  pds: PdsClient,
  { pdsUrl, did }: RepoIdentity,
): Promise<{ active: boolean; status?: string } | undefined> {
  try {
    return await pds.getRepoStatus(pdsUrl, did)
  } catch (error) {
    if (error instanceof PrivateAddressError) throw error
    const status = error instanceof HostRefusedError ? ownValue(statusOf, error.error) : undefined
    return status ? { active: false, status } : undefined
  }
}

/** Makes an update that hides the account but does not delete it, since no authority has said that it was deleted. */
function reversible(update: AccountUpdate): AccountUpdate {
  return update.status === 'deleted' ? { ...update, status: 'deactivated' } : update
}

/** The account status that a PDS's refusal of a repository implies; undefined when it implies none. */
export function statusOfRefusal(error: HostRefusedError): string | undefined {
  return ownValue(statusOf, error.error)
}
