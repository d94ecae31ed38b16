/**
 * Who has a part of a dataset: the one rule by which claims count, which every index and every program without an index
 * computes alike, in whatever order the claims arrive.
 */

/** How a part is named in claims, torrents and databases: the AT-URI of its record, with the item of a list after `#`. */
export function partKey({ uri, item }: { readonly uri: string; readonly item?: string | undefined }): string {
  return item === undefined ? uri : `${uri}#${item}`
}

/** The reference that {@link partKey} was made of. */
export function partOfKey(key: string): { uri: string; item?: string } {
  const at = key.indexOf('#')
  return at < 0 ? { uri: key } : { uri: key.slice(0, at), item: key.slice(at + 1) }
}

/** What a part without `copies` wants, and one without `leaseSeconds` allows. */
export const defaultCopies = 1
export const defaultLeaseSeconds = 7_200

const minuteMs = 60_000
const dayMs = 24 * 60 * minuteMs
/** A claim counts for no longer than this after it was last written, whatever it says. */
const longestMs = 7 * dayMs
/** A part that somebody says is done, without a torrent as evidence, is offered again after this time. */
const saidMs = dayMs
/** A key may lie this far before the commit that brought it; further back counts as a claim made now. */
const backdatingMs = 10 * minuteMs

export interface ClaimTimes {
  /** `in-progress` if absent. */
  readonly status?: string | undefined
  /** The time in the record's key, in milliseconds since 1970. */
  readonly keyMs: number
  readonly expiresMs: number
  /** When the present version was written, as the commit that brought it says. */
  readonly writtenMs: number
}

/**
 * Until when a claim counts, in milliseconds since 1970: until it expires, and a time of grace after that; for a claim that says
 * it is done, for a day. Undefined for one that was released or has failed.
 */
export function claimCountsUntil({ status, keyMs, expiresMs, writtenMs }: ClaimTimes): number | undefined {
  if (status === 'released' || status === 'failed') return undefined
  if (status === 'done') return writtenMs + saidMs
  const expires = Math.min(expiresMs, writtenMs + longestMs)
  return expires + Math.max(0.1 * (expires - keyMs), 15 * minuteMs)
}

/**
 * The time by which claims are ordered: that in the key. For a claim that was seen as it was written, a key that lies far before
 * its commit counts as new, so that nobody wins anything with a false time.
 */
export function claimOrderMs({
  keyMs,
  seenLiveMs,
}: {
  keyMs: number
  seenLiveMs?: number | undefined
}): number {
  return seenLiveMs === undefined ? keyMs : Math.max(keyMs, seenLiveMs - backdatingMs)
}

export interface StandingClaim {
  readonly uri: string
  /** As {@link claimCountsUntil} gives it. */
  readonly countsUntilMs: number | undefined
  /** As {@link claimOrderMs} gives it. */
  readonly orderMs: number
  /** Decides between claims of the same time: a digest of the account and the part. */
  readonly tieBreak: string
}

export type Standing = 'holder' | 'surplus' | 'ended'

/**
 * How each claim on one part stands: of those that count, as many as copies are wanted are holders, the earliest first. The
 * others are surplus: their work is not lost, only done more often than was asked.
 */
export function standings(
  claims: readonly StandingClaim[],
  { copies, nowMs }: { copies: number; nowMs: number },
): Map<string, Standing> {
  const counts = ({ countsUntilMs }: StandingClaim) => countsUntilMs !== undefined && countsUntilMs > nowMs
  const counting = claims.filter(counts).sort(byOrder)
  const held = new Map<string, Standing>(
    counting.map(({ uri }, index) => [uri, index < copies ? 'holder' : 'surplus']),
  )
  return new Map(claims.map(({ uri }) => [uri, held.get(uri) ?? 'ended']))
}

function byOrder(a: StandingClaim, b: StandingClaim): number {
  return a.orderMs - b.orderMs || compare(a.tieBreak, b.tieBreak) || compare(a.uri, b.uri)
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
