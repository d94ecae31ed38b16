import type { AccountUpdate } from '../../catalog/accounts.ts'
import type { RepoCommit } from '../../catalog/apply-batch.ts'
import { PrivateAddressError } from '../../outbound/guarded-fetch-errors.ts'
import { cidKeyToString } from '../cid-key.ts'
import { budgetOf, type Decoded, type Decoder } from '../decoding.ts'
import type {
  AccountFrame,
  CommitFrame,
  HintFrame,
  IdentityFrame,
  ProvedFrame,
  SyncFrame,
} from '../frame/frame.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { IngestMetrics } from '../metrics.ts'
import type { ProvedChange } from '../record-op.ts'
import { type RejectReason, reasonOf } from '../reject-reason.ts'
import type { Resyncs } from '../resync/resync.ts'
import type { AccountStanding } from '../state/account-standing.ts'
import type { Committer } from '../state/committer.ts'
import type { Author, RecordQuota } from '../state/record-quota.ts'
import type { RepoStates } from '../state/repo-states.ts'
import type { VerifiedChange, VerifiedCommit } from '../verify/verify-commit.ts'
import { VerifyError } from '../verify/verify-error.ts'
import type { Wanted } from '../wanted.ts'
import type { IngestEvent } from './ingest-event.ts'
import { type Verdict, verifyAndPlanCommit, verifyAndPlanSync } from './verify-and-plan.ts'

/**
 * Handles one event of one repository; the caller keeps the events of a repository in order. Throws
 * IdentityUnavailableError when the event can be neither applied nor refused now: it is not settled then.
 */
export type EventProcessor = (event: IngestEvent) => Promise<void>

export interface ProcessorParts {
  readonly states: RepoStates
  readonly resolver: DidResolver
  readonly committer: Committer
  readonly resyncs: Resyncs
  readonly standing: AccountStanding
  readonly quota: RecordQuota
  readonly decode: Decoder
  readonly wanted: Wanted
  /** Asks a record of its own host, with the proof of what it is or that it is gone. */
  readonly fetchProof: (
    identity: RepoIdentity,
    path: string,
  ) => Promise<VerifiedChange & { readonly rev: string }>
  readonly metrics: IngestMetrics
  readonly onReject: (event: { did: string; host: string; reason: RejectReason; detail: string }) => void
}

export function createEventProcessor(parts: ProcessorParts): EventProcessor {
  return async (event) => {
    const { frame, origin } = event
    parts.metrics.event(origin.host, frame.kind)
    switch (frame.kind) {
      case 'commit':
      case 'sync':
        return processCommit({ ...event, frame }, parts)
      case 'proved':
        return processProved({ ...event, frame }, parts)
      case 'hint':
        return processHint({ ...event, frame }, parts)
      case 'account':
        return processAccount({ ...event, frame }, parts)
      case 'identity':
        return processIdentity({ ...event, frame }, parts)
    }
  }
}

async function processCommit(
  event: IngestEvent<CommitFrame | SyncFrame>,
  parts: ProcessorParts,
): Promise<void> {
  const { frame, origin } = event
  const stored = await parts.states.get(frame.did)
  // It was read because an earlier event of the repository was being handled, which did not make us follow it.
  if (!stored && !(frame.kind === 'commit' && frame.ops.some((op) => parts.wanted.wantsPath(op.path))))
    return event.settle()
  // The whole repository is being read, or is about to be. The stored state says so, and the event is not needed.
  if (stored && stored.state !== 'synchronized') {
    parts.resyncs.buffer(frame, origin, stored)
    return event.settle()
  }
  if (!stored && parts.standing.isKnownInactive(frame.did)) {
    parts.metrics.reject('account-inactive')
    return event.settle()
  }
  const planning = { resolver: parts.resolver, wantsPath: parts.wanted.wantsPath, onAsk: event.onAsk }
  const verdict =
    frame.kind === 'commit'
      ? await verifyAndPlanCommit({ frame, origin, stored }, planning)
      : await verifyAndPlanSync({ frame, origin, stored }, planning)
  switch (verdict.kind) {
    case 'pass':
      return event.settle()
    case 'reject':
      parts.metrics.reject(verdict.reason)
      parts.onReject({ did: frame.did, host: origin.host, reason: verdict.reason, detail: verdict.detail })
      return event.settle()
    case 'resync':
      return parts.resyncs.request(frame.did, { why: verdict.why, stored, source: origin.host, event })
    case 'apply':
      return apply(event, verdict, parts)
  }
}

/** A commit that the reference reader has verified: only its place in the repository's history is checked here. */
async function processProved(event: IngestEvent<ProvedFrame>, parts: ProcessorParts): Promise<void> {
  const { frame, onAsk } = event
  const stored = await parts.states.get(frame.did)
  if (stored?.rev && frame.rev <= stored.rev) return event.settle()
  const resolution = await parts.resolver.resolve(frame.did, { onAsk })
  if (resolution.status !== 'found') return event.settle()
  const { rev, data, changes } = frame
  const verified = { rev, data, prevData: null, changes: changes as VerifiedCommit['changes'] }
  return apply(event, { kind: 'apply', verified, identity: resolution.identity }, parts)
}

/** A hint proves nothing, so the record is fetched from its own host, with a proof. */
async function processHint(event: IngestEvent<HintFrame>, parts: ProcessorParts): Promise<void> {
  const { origin, onAsk } = event
  const { did, path } = event.frame
  for (const refresh of [false, true]) {
    const resolution = await parts.resolver.resolve(did, { refresh, onAsk })
    if (resolution.status !== 'found') return event.settle()
    const { identity } = resolution
    if (!parts.states.follows(did) && parts.standing.isKnownInactive(did)) return event.settle()
    onAsk(identity.pdsHost)
    try {
      const proof = await parts.fetchProof(identity, path)
      const account = parts.states.follows(did) ? undefined : await firstSight(identity, event, parts)
      if (account === 'private-host' || account?.active === false) return event.settle()
      const { ops, release } = await decodeAdmitted({ did, host: identity.pdsHost }, [proof], parts)
      const commit: RepoCommit = {
        did,
        rev: proof.rev,
        dataCid: '',
        host: identity.pdsHost,
        ops,
        partial: true,
      }
      if (account) {
        parts.states.set(did, { state: 'synchronized', rev: null, data: null, tries: 0 })
        void parts.committer.write({ account })
        void parts.committer.write({ repoState: { did, state: 'synchronized', host: identity.pdsHost } })
      }
      void parts.committer.write({ commit }, event).finally(release)
      return
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error
      if (error.fault === 'bad-signature' && !refresh) continue
      parts.metrics.reject(reasonOf(error.fault))
      parts.onReject({ did, host: origin.host, reason: reasonOf(error.fault), detail: error.message })
      return event.settle()
    }
  }
}

async function apply(
  event: IngestEvent<CommitFrame | SyncFrame | ProvedFrame>,
  { verified, identity }: Extract<Verdict, { kind: 'apply' }>,
  parts: ProcessorParts,
): Promise<void> {
  const { did } = event.frame
  const known = parts.states.follows(did)
  // This is the first event of the repository. A relay may be replaying the past of an account that no longer exists.
  const account = known ? undefined : await firstSight(identity, event, parts)
  if (account === 'private-host') {
    parts.metrics.reject('did-unresolvable')
    return event.settle()
  }
  if (account?.active === false) {
    parts.metrics.reject('account-inactive')
    void parts.committer.write({ account }, event)
    return
  }
  const { ops, release } = await decodeAdmitted({ did, host: identity.pdsHost }, verified.changes, parts)
  parts.states.set(did, { state: 'synchronized', rev: verified.rev, data: verified.data, tries: 0 })
  const commit: RepoCommit = {
    did,
    rev: verified.rev,
    dataCid: cidKeyToString(verified.data),
    host: identity.pdsHost,
    ops,
  }
  void parts.committer.write({ commit, ...(account ? { account } : {}) }, event).finally(release)
}

/** Decodes proved changes within the bounds of a commit, and keeps those that the quota admits. */
async function decodeAdmitted(
  author: Author,
  changes: readonly ProvedChange[],
  { decode, quota }: ProcessorParts,
): Promise<Decoded> {
  const blocks = new Set(changes.map(({ record }) => record))
  const sentBytes = [...blocks].reduce((sum, record) => sum + (record?.length ?? 0), 0)
  const { ops, release } = await decode(author.did, changes, budgetOf(sentBytes))
  try {
    return { ops: await quota.admit(author, ops), release }
  } catch (error) {
    release()
    throw error
  }
}

async function firstSight(
  identity: RepoIdentity,
  { origin, onAsk }: IngestEvent,
  { standing }: ProcessorParts,
): Promise<AccountUpdate | 'private-host'> {
  try {
    return await standing.firstSight(identity, origin, onAsk)
  } catch (error) {
    if (error instanceof PrivateAddressError) return 'private-host'
    throw error
  }
}

/** A PDS decides about its own accounts. When a relay says something of an account, its PDS is asked. */
async function processAccount(event: IngestEvent<AccountFrame>, parts: ProcessorParts): Promise<void> {
  const { frame, origin, onAsk } = event
  const update = await parts.standing.onAccountEvent(frame, origin, onAsk)
  if (update === 'not-theirs') {
    parts.metrics.reject('host-mismatch')
    return event.settle()
  }
  writeAccount(update, event, parts)
  const stored = update.active ? await parts.states.get(frame.did) : undefined
  // The account is back, and its repository could not be read meanwhile.
  if (stored && stored.state !== 'synchronized')
    parts.resyncs.request(frame.did, { why: 'the account is back', stored })
}

async function processIdentity(event: IngestEvent<IdentityFrame>, parts: ProcessorParts): Promise<void> {
  const { frame, onAsk } = event
  parts.resolver.forget(frame.did)
  writeAccount(await parts.standing.onIdentityEvent(frame.did, onAsk), event, parts)
}

function writeAccount(update: AccountUpdate, event: IngestEvent, parts: ProcessorParts): void {
  if (update.active === false && update.status === 'deleted') parts.states.drop(update.did)
  void parts.committer.write({ account: update }, event)
}
