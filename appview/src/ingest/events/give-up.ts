import type { IngestMetrics } from '../metrics.ts'
import type { Resyncs } from '../resync/resync.ts'
import type { Committer } from '../state/committer.ts'
import type { RepoStates } from '../state/repo-states.ts'
import type { IngestEvent } from './ingest-event.ts'

/** Gives up an event that cannot be handled now, for a reason that its author could have caused. */
export type GiveUp = (event: IngestEvent, why: string) => Promise<void>

/**
 * Makes the function that gives up events. The whole repository is read later, which covers what such an event said about
 * records. If it said that an account left, the account is hidden until its server can be asked.
 */
export function createGiveUp(parts: {
  committer: Committer
  resyncs: Resyncs
  metrics: IngestMetrics
  states: RepoStates
}): GiveUp {
  const { committer, resyncs, metrics, states } = parts
  return async (event, why) => {
    const { frame, origin } = event
    if (frame.kind !== 'account' && frame.kind !== 'identity') {
      metrics.reject('did-unresolvable')
      // One whole read is enough for all that were let go before it; the account has but so many a day.
      const stored = await states.get(frame.did).catch(() => undefined)
      const state = stored?.state
      const isCommit = frame.kind === 'commit' || frame.kind === 'sync'
      if (stored && (state === 'desynchronized' || (state === 'in-progress' && isCommit))) {
        if (isCommit) resyncs.buffer(frame, origin, stored)
        return event.settle()
      }
      resyncs.request(frame.did, { why, stored, source: origin.host, event })
    } else if (frame.kind === 'account' && !frame.active) {
      const status = frame.status === 'deleted' ? 'deactivated' : (frame.status ?? null)
      void committer.write({ account: { did: frame.did, active: false, status } }, event)
    } else event.settle()
  }
}
