import type { RepoFrame } from '../frame/frame.ts'
import type { IngestMetrics } from '../metrics.ts'
import type { Resyncs } from '../repo/resync.ts'
import type { Committer } from './committer.ts'

/** Lets an event go that cannot be handled now, for a reason that its author can cause. */
export type GiveUp = (frame: RepoFrame, why: string, taken: () => void) => void

/** What an event would have told of records is read later, with the whole repository; a leave is believed so far as to hide. */
export function createGiveUp(parts: {
  committer: Committer
  resyncs: Resyncs
  metrics: IngestMetrics
}): GiveUp {
  const { committer, resyncs, metrics } = parts
  return (frame, why, taken) => {
    if (frame.kind === 'commit' || frame.kind === 'sync' || frame.kind === 'hint') {
      metrics.reject('did-unresolvable')
      resyncs.request(frame.did, { why, held: undefined, taken })
    } else if (frame.kind === 'account' && !frame.active) {
      const status = frame.status === 'deleted' ? 'deactivated' : (frame.status ?? null)
      void committer.write({ account: { did: frame.did, active: false, status } }, taken)
    } else taken()
  }
}
