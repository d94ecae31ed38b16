import type { SourceState } from '../source/source.ts'

/** How far the index is behind one source. */
export interface Lag {
  /**
   * In ms. While events wait for this server, the time since the oldest of them was made. Otherwise how old events are on
   * arrival, and 0 if the source has sent all it has. Undefined until the source has sent something.
   */
  readonly lagMs: number | undefined
  /** Events that concern this index, read and not stored yet. */
  readonly waiting: number
  /** Further events, which wait until the servers of their accounts answer. */
  readonly parked: number
  /** Whether everything the source sent is stored, except for parked events, and the source now sends events as they happen. */
  readonly caughtUp: boolean
}

/**
 * Measures how far the index is behind a source. An event waits from `begin` until the first `stored` after it was settled.
 *
 *   begin a, begin b, b.settled, stored → 1 waits, a;  a.settled → 1 waits;  stored → none
 *
 * The author of an event chooses the time that it states, so a single event decides nothing: each event counts as old as the
 * median of its source's recent events on arrival.
 */
export interface LagMeter {
  /** Counts an event that was read. */
  begin(): WaitingEvent
  /** Everything that was settled so far is in the store. */
  stored(): void
  read(): Lag
}

export interface WaitingEvent {
  /** The event is in a batch, or needs none. */
  settled(): void
  /** Where the event waits, once it has a place. */
  place?: { readonly isParked: boolean }
}

/** An event that is at most this old on arrival counts as happening now. */
const liveMs = 10_000
/** A source that has more to send does not pause for longer than this. */
const quietMs = 2_000

/** `storedMs` returns when the last stored event was made, if that is known. */
export function createLagMeter(
  state: SourceState,
  { now = Date.now, storedMs }: { now?: () => number; storedMs?: () => number | undefined } = {},
): LagMeter {
  const waiting = new Set<WaitingEvent & { madeAtMs: number; isSettled: boolean }>()
  return {
    begin() {
      const event = {
        madeAtMs: now() - (middleOf(state.heard) ?? 0),
        isSettled: false,
        settled() {
          event.isSettled = true
        },
      }
      waiting.add(event)
      return event
    },
    stored() {
      for (const event of waiting) if (event.isSettled) waiting.delete(event)
    },
    read() {
      const at = now()
      let [oldest, parked] = [Number.POSITIVE_INFINITY, 0]
      for (const { place, madeAtMs } of waiting) {
        if (place?.isParked) parked++
        else oldest = Math.min(oldest, madeAtMs)
      }
      const count = waiting.size - parked + state.queued
      const behind = behindNothing(state, at, storedMs?.())
      const lagMs = count === 0 ? behind : Math.max(0, at - oldest, middleOf(state.heard) ?? 0)
      const isLive = lagMs !== undefined && lagMs <= liveMs
      return { lagMs, waiting: count, parked, caughtUp: state.connected && count === 0 && isLive }
    },
  }
}

/** How far the source itself is behind the present, judged by what it sent. */
function behindNothing(state: SourceState, at: number, storedMs: number | undefined): number | undefined {
  const { connected, connectedAt, disconnectedAt, heard, lastEventAt } = state
  if (!connected) {
    if (disconnectedAt === undefined) return storedMs === undefined ? undefined : Math.max(0, at - storedMs)
    const before = isQuiet(state, disconnectedAt) ? 0 : (middleOf(heard) ?? 0)
    return before + Math.max(0, at - disconnectedAt)
  }
  if (isQuiet(state, at)) return 0
  const came = middleOf(heard)
  if (came !== undefined) return came
  // It connected a moment ago, and has not shown yet what it has to send.
  const since = storedMs ?? lastEventAt ?? connectedAt
  return since === undefined ? undefined : Math.max(0, at - since)
}

function isQuiet({ connectedAt, lastEventAt }: SourceState, at: number): boolean {
  return connectedAt !== undefined && at - Math.max(connectedAt, lastEventAt ?? 0) > quietMs
}

/** The median, so that one event with a wrong time does not decide. */
function middleOf(values: readonly number[]): number | undefined {
  return [...values].sort((a, b) => a - b)[(values.length - 1) >> 1]
}
