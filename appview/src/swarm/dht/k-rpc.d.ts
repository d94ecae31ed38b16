/** The part of k-rpc that is used; the package has no types. */
declare module 'k-rpc' {
  import type { EventEmitter } from 'node:events'

  /** The part of a `dgram.Socket` that k-rpc uses. */
  export interface Transport extends EventEmitter {
    address(): unknown
    close(): void
    send(
      message: Uint8Array,
      offset: number,
      length: number,
      port: number,
      host: string,
      done: (error: Error | null) => void,
    ): void
  }

  export interface Answer {
    r: Readonly<Record<string, unknown>>
  }

  export interface Rpc extends EventEmitter {
    readonly id: Buffer
    /** Asks nodes that are nearer and nearer to the target. `visit` ends the search by returning false. */
    closest(
      target: Buffer,
      message: { q: string; a: Readonly<Record<string, unknown>> },
      visit: (answer: Answer, from: { address: string; port: number }) => boolean,
      done: (error: Error | null, answers: number) => void,
    ): void
    destroy(done?: () => void): void
  }

  export default function createRpc(options: {
    /** The nodes to ask first, while no others are known. */
    nodes: readonly { host: string; port: number }[]
    /** The most unanswered queries at once. */
    concurrency: number
    timeout: number
    socket: Transport
  }): Rpc
}
