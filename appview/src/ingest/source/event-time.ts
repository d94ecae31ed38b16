/** The earliest possible event: the first repositories of the protocol were made in the autumn of 2022. */
const firstMs = Date.UTC(2022, 9, 1)
/** How far clocks may differ. */
const aheadMs = 5 * 60_000
/** `YYYY-MM-DDTHH:mm:ss`, a fraction, and a zone: what atproto calls a datetime. */
const datetime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,20})?(?:Z|[+-]\d\d:\d\d)$/

/**
 * The time that an event claims, in ms since 1970 and no later than now. The sender wrote it, so it is undefined for an
 * impossible value: not a datetime, before the network began, or further ahead than clocks may differ.
 */
export function readEventTime(time: unknown, nowMs: number): number | undefined {
  if (typeof time !== 'string' || time.length > 64 || !datetime.test(time)) return undefined
  const ms = Date.parse(time)
  if (!(ms >= firstMs && ms <= nowMs + aheadMs)) return undefined
  return Math.min(ms, nowMs)
}
