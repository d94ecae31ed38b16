import type { RepoFrame } from '../frame/frame.ts'

/** What a source hands on, in its own order. */
export type SourceItem =
  /** An event; `decided` is called once it was dealt with. */
  | { readonly kind: 'event'; readonly frame: RepoFrame; readonly decided: () => void }
  /** Nothing of ours up to and with this sequence number. */
  | { readonly kind: 'progress'; readonly seq: number }
  /** A frame that could not be read; `reason` says why. */
  | { readonly kind: 'malformed'; readonly reason: string }
  /** The source no longer has all that lies behind our cursor, or has begun anew: look at its repos again. */
  | { readonly kind: 'gap'; readonly why: string }
  /** The cursor we hold is not of this stream: forget it. */
  | { readonly kind: 'restart'; readonly why: string }

/** A stream of repository events. A recorded file is as good as a socket. */
export type Source = {
  /** Names the cursor; host and port. */
  readonly host: string
  /** Reads from after `cursor` (0 is all there is), reconnecting for ever, until `signal`. */
  read(cursor: number, signal: AbortSignal): AsyncIterable<SourceItem>
  readonly state: SourceState
}

/** How a source does, for the operator. */
export type SourceState = {
  connected: boolean
  connects: number
  frames: number
  bytes: number
  lastEventAt: number | undefined
  error: string | undefined
}

export function newSourceState(): SourceState {
  return { connected: false, connects: 0, frames: 0, bytes: 0, lastEventAt: undefined, error: undefined }
}
