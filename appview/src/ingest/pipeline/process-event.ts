import type { RecordOp, RepoCommit } from '../../catalog/ingest-writes.ts'
import type { AccountUpdate } from '../../catalog/writes/account-writes.ts'
import { PrivateAddressError } from '../../guarded-fetch-errors.ts'
import { cidKeyToString } from '../cid-key.ts'
import type {
  AccountFrame,
  CommitFrame,
  HintFrame,
  IdentityFrame,
  ProvedFrame,
  RepoFrame,
  SyncFrame,
} from '../frame/frame.ts'
import type { DidResolver } from '../identity/did-resolver.ts'
import type { RepoIdentity } from '../identity/repo-identity.ts'
import type { IngestMetrics } from '../metrics.ts'
import { toRecordOp } from '../record-op.ts'
import { type RejectReason, reasonOf } from '../reject-reason.ts'
import type { AccountStanding } from '../repo/account-standing.ts'
import type { Resyncs } from '../repo/resync.ts'
import type { VerifiedChange, VerifiedCommit } from '../verify/verify-commit.ts'
import { VerifyError } from '../verify/verify-error.ts'
import type { Wanted } from '../wanted.ts'
import type { Committer } from './committer.ts'
import { judgeCommit, judgeSync, type Origin, type Verdict } from './judge-commit.ts'
import type { RecordQuota } from './record-quota.ts'
import type { RepoStates } from './repo-states.ts'

/**
 * Handles one event of one repository; the caller keeps the events of a repository in order. `taken` is called
 * once the event is in a batch (or needs none), so that the cursor may pass it together with that batch. Throws
 * IdentityUnavailable when the event can be neither applied nor refused now.
 */
export type EventProcessor = (frame: RepoFrame, origin: Origin, taken: () => void) => Promise<void>

export type ProcessorParts = {
  readonly states: RepoStates
  readonly resolver: DidResolver
  readonly committer: Committer
  readonly resyncs: Resyncs
  readonly standing: AccountStanding
  readonly quota: RecordQuota
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
  return async (frame, origin, taken) => {
    parts.metrics.event(origin.host, frame.kind)
    switch (frame.kind) {
      case 'commit':
      case 'sync':
        return processCommit({ frame, origin, taken }, parts)
      case 'proved':
        return processProved({ frame, origin, taken }, parts)
      case 'hint':
        return processHint({ frame, origin, taken }, parts)
      case 'account':
        return processAccount({ frame, origin, taken }, parts)
      case 'identity':
        return processIdentity({ frame, origin, taken }, parts)
    }
  }
}

type Event<F extends RepoFrame> = { frame: F; origin: Origin; taken: () => void }

async function processCommit(event: Event<CommitFrame | SyncFrame>, parts: ProcessorParts): Promise<void> {
  const { frame, origin, taken } = event
  const held = await parts.states.get(frame.did)
  // Read in the wake of another event that did not make us follow the repository.
  if (!held && !(frame.kind === 'commit' && frame.ops.some((op) => parts.wanted.wantsPath(op.path))))
    return taken()
  // Its whole repository is being read, or waits for that: the durable state says so, the event may pass.
  if (held && held.state !== 'synchronized') {
    parts.resyncs.hold(frame, origin)
    return taken()
  }
  const judging = { resolver: parts.resolver, wantsPath: parts.wanted.wantsPath }
  const verdict =
    frame.kind === 'commit'
      ? await judgeCommit({ frame, origin, held }, judging)
      : await judgeSync({ frame, origin, held }, judging)
  switch (verdict.kind) {
    case 'pass':
      return taken()
    case 'reject':
      parts.metrics.reject(verdict.reason)
      parts.onReject({ did: frame.did, host: origin.host, reason: verdict.reason, detail: verdict.detail })
      return taken()
    case 'resync':
      return parts.resyncs.request(frame.did, { why: verdict.why, held, taken })
    case 'apply':
      return apply(event, verdict, parts)
  }
}

/** Another reader's word on a commit is taken; only its place in the repository's history is looked at. */
async function processProved(
  { frame, origin, taken }: Event<ProvedFrame>,
  parts: ProcessorParts,
): Promise<void> {
  const held = await parts.states.get(frame.did)
  if (held?.rev && frame.rev <= held.rev) return taken()
  const resolution = await parts.resolver.resolve(frame.did)
  if (resolution.status !== 'found') return taken()
  const { rev, data, changes } = frame
  const verified = { rev, data, prevData: null, changes: changes as VerifiedCommit['changes'] }
  return apply({ frame, origin, taken }, { kind: 'apply', verified, identity: resolution.identity }, parts)
}

/** A hint counts for nothing: the record is asked of its own host, with proof. */
async function processHint({ frame, origin, taken }: Event<HintFrame>, parts: ProcessorParts): Promise<void> {
  const { did, path } = frame
  for (const refresh of [false, true]) {
    const resolution = await parts.resolver.resolve(did, { refresh })
    if (resolution.status !== 'found') return taken()
    const { identity } = resolution
    try {
      const proof = await parts.fetchProof(identity, path)
      const account = parts.states.follows(did) ? undefined : await firstSight(identity, origin, parts)
      if (account === 'private-host' || account?.active === false) return taken()
      const ops = await parts.quota.admit({ did, host: identity.pdsHost }, toOps(did, [proof], parts))
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
      void parts.committer.write({ commit }, taken)
      return
    } catch (error) {
      if (!(error instanceof VerifyError)) throw error
      if (error.fault === 'bad-signature' && !refresh) continue
      parts.metrics.reject(reasonOf(error.fault))
      parts.onReject({ did, host: origin.host, reason: reasonOf(error.fault), detail: error.message })
      return taken()
    }
  }
}

async function apply(
  { frame, origin, taken }: Event<CommitFrame | SyncFrame | ProvedFrame>,
  { verified, identity }: Extract<Verdict, { kind: 'apply' }>,
  parts: ProcessorParts,
): Promise<void> {
  const { did } = frame
  const known = parts.states.follows(did)
  // The first we hear of a repository: a relay may be replaying the past of an account that is gone.
  const account = known ? undefined : await firstSight(identity, origin, parts)
  if (account === 'private-host') {
    parts.metrics.reject('did-unresolvable')
    return taken()
  }
  if (account?.active === false) {
    parts.metrics.reject('account-inactive')
    void parts.committer.write({ account }, taken)
    return
  }
  const ops = await parts.quota.admit({ did, host: identity.pdsHost }, toOps(did, verified.changes, parts))
  parts.states.set(did, { state: 'synchronized', rev: verified.rev, data: verified.data, tries: 0 })
  const commit: RepoCommit = {
    did,
    rev: verified.rev,
    dataCid: cidKeyToString(verified.data),
    host: identity.pdsHost,
    ops,
  }
  void parts.committer.write({ commit, ...(account ? { account } : {}) }, taken)
}

async function firstSight(
  identity: RepoIdentity,
  origin: Origin,
  { standing }: ProcessorParts,
): Promise<AccountUpdate | 'private-host'> {
  try {
    return await standing.firstSight(identity, origin)
  } catch (error) {
    if (error instanceof PrivateAddressError) return 'private-host'
    throw error
  }
}

function toOps(
  did: string,
  changes: readonly { path: string; cid: Parameters<typeof toRecordOp>[1]['cid']; record?: Uint8Array }[],
  parts: Pick<ProcessorParts, 'wanted' | 'metrics'>,
): RecordOp[] {
  return changes.flatMap((change) => {
    const op = toRecordOp(did, change, parts.wanted)
    if (op?.action === 'reject') parts.metrics.reject(op.reason as RejectReason)
    return op ?? []
  })
}

/** A PDS speaks for its own accounts. What a relay says of one is a rumour, on which the PDS is asked. */
async function processAccount(
  { frame, origin, taken }: Event<AccountFrame>,
  parts: ProcessorParts,
): Promise<void> {
  const update = await parts.standing.onAccountEvent(frame, origin)
  if (update === 'not-theirs') {
    parts.metrics.reject('host-mismatch')
    return taken()
  }
  writeAccount(update, taken, parts)
  const held = update.active ? await parts.states.get(frame.did) : undefined
  // Back after an absence in which its repository could not be read.
  if (held && held.state !== 'synchronized')
    parts.resyncs.request(frame.did, { why: 'the account is back', held })
}

async function processIdentity({ frame, taken }: Event<IdentityFrame>, parts: ProcessorParts): Promise<void> {
  parts.resolver.forget(frame.did)
  writeAccount(await parts.standing.onIdentityEvent(frame.did), taken, parts)
}

function writeAccount(update: AccountUpdate, taken: () => void, parts: ProcessorParts): void {
  if (update.active === false && update.status === 'deleted') parts.states.drop(update.did)
  void parts.committer.write({ account: update }, taken)
}
