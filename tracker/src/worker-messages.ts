import type { Counts } from './counts.ts'
import type { ServeSettings } from './serve.ts'

/** The data that a serving thread gets when it starts. */
export interface WorkerStart {
  memory: SharedArrayBuffer
  /** The secret of the UDP connection ids, the same in every thread. */
  secret: Uint8Array
  intervalSeconds: number
  settings: ServeSettings
  /** Whether announces are to be reported for other nodes. */
  shares: boolean
}

/** A message from a serving thread to the main thread. `socket` numbers a WebSocket of that thread. */
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string; isExplained: boolean }
  | { kind: 'counts'; counts: Counts }
  | { kind: 'journal'; shard: number; records: Uint8Array }
  | { kind: 'socket-text'; socket: number; client: string; text: string }
  | { kind: 'socket-close'; socket: number }
  | { kind: 'ask'; question: number; about: 'metrics' | 'swarms' }

/** A message from the main thread to a serving thread. */
export type ToWorker =
  | { kind: 'socket-text'; socket: number; text: string }
  | { kind: 'answer'; question: number; text: string }
  | { kind: 'stop' }
