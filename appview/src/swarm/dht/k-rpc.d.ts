/** What is used of k-rpc, which ships no types. */
declare module 'k-rpc' {
  import type { EventEmitter } from 'node:events'

  /** The part of a `dgram.Socket` that it uses. */
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
    /** Asks node after node, each nearer to the target. `visit` ends the search by answering false. */
    closest(
      target: Buffer,
      message: { q: string; a: Readonly<Record<string, unknown>> },
      visit: (answer: Answer, from: { address: string; port: number }) => boolean,
      done: (error: Error | null, answers: number) => void,
    ): void
    destroy(done?: () => void): void
  }

  export default function createRpc(options: {
    /** Where the search begins while no node is known. */
    nodes: readonly { host: string; port: number }[]
    /** Questions awaiting their answers at once. */
    concurrency: number
    timeout: number
    socket: Transport
  }): Rpc
}
