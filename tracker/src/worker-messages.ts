import type { Counts } from './counts.ts'
import type { ServeSettings } from './serve.ts'

/** What a serving thread is given when it starts. */
export type WorkerStart = {
  memory: SharedArrayBuffer
  /** Secret of the UDP connection ids, the same in every thread. */
  secret: Uint8Array
  intervalSeconds: number
  settings: ServeSettings
  /** Announces are to be reported for other nodes. */
  shares: boolean
}

/** From a serving thread to the main one. `socket` numbers a WebSocket of that thread. */
export type FromWorker =
  | { kind: 'ready' }
  | { kind: 'failed'; message: string }
  | { kind: 'counts'; counts: Counts }
  | { kind: 'journal'; shard: number; records: Uint8Array }
  | { kind: 'socket-text'; socket: number; client: string; text: string }
  | { kind: 'socket-close'; socket: number }
  | { kind: 'ask'; question: number; about: 'metrics' | 'swarms' }

/** From the main thread to a serving one. */
export type ToWorker =
  | { kind: 'socket-text'; socket: number; text: string }
  | { kind: 'answer'; question: number; text: string }
  | { kind: 'stop' }
