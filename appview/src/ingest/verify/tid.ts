import { VerifyError } from './verify-error.ts'

const TID = /^[234567abcdefghij][234567abcdefghijklmnopqrstuvwxyz]{12}$/
const DIGITS = '234567abcdefghijklmnopqrstuvwxyz'
/** The other two say which clock it was. */
const TIME_DIGITS = 11

/** How far ahead of our clock a revision may be. */
export const MAX_REV_AHEAD_MS = 5 * 60_000

/** The instant a TID names, in milliseconds (atproto spec, "Timestamp Identifiers"); undefined when it is none. */
export function tidTimeMs(tid: string): number | undefined {
  if (!TID.test(tid)) return undefined
  let microseconds = 0
  for (let i = 0; i < TIME_DIGITS; i++) microseconds = microseconds * 32 + DIGITS.indexOf(tid[i]!)
  return microseconds / 1_000
}

/** Checks a repository revision: a TID that is not in the future (atproto sync spec). Throws VerifyError. */
export function checkRev(rev: string, nowMs: number): void {
  const timeMs = tidTimeMs(rev)
  if (timeMs === undefined)
    throw new VerifyError('bad-rev', `revision ${JSON.stringify(rev.slice(0, 40))} is no TID`)
  if (timeMs > nowMs + MAX_REV_AHEAD_MS)
    throw new VerifyError('future-rev', `revision ${rev} is in the future`)
}
