import type { RepoFrame } from '../frame/frame.ts'
import { readEventTime } from './event-time.ts'

/** Where an event came from. A PDS may only send events of its own accounts; a relay sends those of everybody. */
export interface Origin {
  readonly host: string
  readonly kind: 'pds' | 'relay'
}

/** An item that a source yields, in its own order. */
export type SourceItem =
  /** An event. Call `onSettled` once it has been handled. */
  | { readonly kind: 'event'; readonly frame: RepoFrame; readonly onSettled: () => void }
  /** No event concerned us up to this sequence number, which was sent at about this time. */
  | { readonly kind: 'progress'; readonly seq: number; readonly timeMs?: number | undefined }
  /** A frame that could not be read; `reason` says why. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The source no longer has all events after our cursor, or has started over; its repos must be checked. */
  | { readonly kind: 'gap'; readonly why: string }
  /** Our cursor does not belong to this stream and must be deleted. */
  | { readonly kind: 'restart'; readonly why: string }

/** A stream of repository events, from a socket or from a recorded file. */
export interface Source {
  /** Host and port, under which the cursor is stored. */
  readonly host: string
  /** Yields the events after `cursor` (0 for all), reconnecting until `signal` fires. */
  read(cursor: number, signal: AbortSignal): AsyncIterable<SourceItem>
  readonly state: SourceState
}

/** The state of a source, for the operator. */
export interface SourceState {
  connected: boolean
  connects: number
  frames: number
  bytes: number
  lastEventAt: number | undefined
  error: string | undefined
  connectedAt: number | undefined
  disconnectedAt: number | undefined
  /** How many items were read but not yet taken. */
  queued: number
  /** The ages in ms of some of the latest events of this connection when they arrived, newest last. */
  heard: number[]
}

export function newSourceState(): SourceState {
  return {
    connected: false,
    connects: 0,
    frames: 0,
    bytes: 0,
    lastEventAt: undefined,
    error: undefined,
    connectedAt: undefined,
    disconnectedAt: undefined,
    queued: 0,
    heard: [],
  }
}

/** Records that a connection was made. */
export function noteConnected(state: SourceState): void {
  state.connected = true
  state.connects++
  state.connectedAt = Date.now()
  state.heard = []
}

/** Records that a connection ended; items that were not taken are read again. */
export function noteDisconnected(state: SourceState): void {
  if (state.connected) state.disconnectedAt = Date.now()
  state.connected = false
  state.queued = 0
}

const mostHeard = 5

/** Records the age of an event that was just read. Returns when it was made, in ms since 1970. */
export function noteHeard(state: SourceState, time: unknown): number | undefined {
  const now = Date.now()
  const madeAtMs = readEventTime(time, now)
  if (madeAtMs === undefined) return undefined
  state.heard.push(now - madeAtMs)
  if (state.heard.length > mostHeard) state.heard.shift()
  return madeAtMs
}
