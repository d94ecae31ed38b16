import { tidTimeMs } from '@holdfast/lexicons/tid'
import { VerifyError } from './verify-error.ts'

/** How far ahead of our clock a revision may be. */
export const maxRevAheadMs = 5 * 60_000

/** Checks a repository revision: a TID that is not in the future (atproto sync spec). Throws VerifyError. */
export function checkRev(rev: string, nowMs: number): void {
  const timeMs = tidTimeMs(rev)
  if (timeMs === undefined)
    throw new VerifyError('bad-rev', `revision ${JSON.stringify(rev.slice(0, 40))} is not a TID`)
  if (timeMs > nowMs + maxRevAheadMs) throw new VerifyError('future-rev', `revision ${rev} is in the future`)
}
