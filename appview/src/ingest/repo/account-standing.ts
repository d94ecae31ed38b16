import type { AccountUpdate } from '../../catalog/writes/account-writes.ts'
import { PrivateAddressError } from '../../guarded-fetch-errors.ts'
import type { AccountFrame } from '../frame/frame.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { HandleCheck } from '../identity/handles.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { Origin } from '../pipeline/judge-commit.ts'
import { HostSaysNo, type PdsClient } from './pds-client.ts'

/** Finds out how an account stands, from those who may say so: its DID document and the PDS that it names. */
export type AccountStanding = {
  /** What to write of an account when its first record comes in; `active: false` when its PDS says it is gone. */
  firstSight(identity: RepoIdentity, origin: Origin): Promise<AccountUpdate>
  onAccountEvent(frame: AccountFrame, origin: Origin): Promise<AccountUpdate | 'not-theirs'>
  onIdentityEvent(did: string): Promise<AccountUpdate>
  /** Has the handle checked, and written when it is; nothing waits for it. */
  checkHandleSoon(identity: RepoIdentity): void
}

export type StandingParts = {
  readonly resolver: DidResolver
  readonly pds: PdsClient
  readonly checkHandle: HandleCheck
  /** Called when a handle was checked after the account was already written. */
  readonly onHandle: (update: AccountUpdate) => void
}

const HANDLE_TRIES = 4
const HANDLE_RETRY_MS = 2_000

const STATUS_OF: Record<string, string> = {
  RepoTakendown: 'takendown',
  RepoSuspended: 'suspended',
  RepoDeactivated: 'deactivated',
  RepoNotFound: 'deleted',
}

export function createAccountStanding(parts: StandingParts): AccountStanding {
  const { resolver, pds } = parts
  // Handles resolve over DNS, which may take seconds: no event waits for it.
  const later = async (identity: RepoIdentity, tries = 1): Promise<void> => {
    try {
      parts.onHandle({ did: identity.did, handle: await parts.checkHandle(identity) })
    } catch {
      if (tries < HANDLE_TRIES) setTimeout(() => void later(identity, tries + 1), HANDLE_RETRY_MS).unref()
    }
  }
  return {
    async firstSight(identity, origin) {
      const { did, pdsHost } = identity
      void later(identity)
      const status = origin.kind === 'pds' ? { active: true } : await askPds(pds, identity)
      if (status?.active === false) return { did, pdsHost, active: false, status: status.status ?? null }
      return { did, pdsHost, active: true, status: null }
    },
    async onAccountEvent({ did, active, status }, origin) {
      const word: AccountUpdate = { did, active, status: active ? null : (status ?? null) }
      const resolution = await resolver.resolve(did, { refresh: true })
      if (resolution.status === 'tombstoned') return { did, active: false, status: 'deleted' }
      if (resolution.status === 'unresolvable') return reversible(word)
      const { identity } = resolution
      if (origin.kind === 'pds') return identity.pdsHost === origin.host ? word : 'not-theirs'
      const said = await askPds(pds, identity)
      // A relay may hide an account of its own accord; that it is gone for good, only the PDS can say.
      if (!said) return reversible(word)
      if (said.active && !active && status === 'takendown') return word
      return { did, pdsHost: identity.pdsHost, active: said.active, status: said.status ?? null }
    },
    async onIdentityEvent(did) {
      const resolution = await resolver.resolve(did)
      if (resolution.status === 'tombstoned') return { did, active: false, status: 'deleted' }
      if (resolution.status === 'unresolvable') return { did, handle: null }
      const { identity } = resolution
      void later(identity)
      return { did, pdsHost: identity.pdsHost }
    },
    checkHandleSoon: (identity) => void later(identity),
  }
}

/** The PDS's word; undefined when it cannot be had now. Throws PrivateAddressError: that is no PDS for us. */
async function askPds(
  pds: PdsClient,
  { pdsUrl, did }: RepoIdentity,
): Promise<{ active: boolean; status?: string } | undefined> {
  try {
    return await pds.getRepoStatus(pdsUrl, did)
  } catch (error) {
    if (error instanceof PrivateAddressError) throw error
    const status = error instanceof HostSaysNo ? STATUS_OF[error.error] : undefined
    return status ? { active: false, status } : undefined
  }
}

/** Hides but does not purge, where nobody who may say so has said that the account is deleted. */
function reversible(update: AccountUpdate): AccountUpdate {
  return update.status === 'deleted' ? { ...update, status: 'deactivated' } : update
}

/** The account status that a PDS's refusal to hand out a repository means; undefined when it means none. */
export function statusOfRefusal(error: HostSaysNo): string | undefined {
  return STATUS_OF[error.error]
}
