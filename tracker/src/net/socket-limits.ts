import type { Socket } from 'node:net'

/**
 * Counts sockets, in all and by address, and ends each that misses its deadline. Deadlines are looked at once a
 * second, so a client that trickles bytes gains nothing by it and a timer per socket is not needed.
 */
export class SocketLimits implements Disposable {
  readonly #limits: { perAddress: number; total: number; exempt: (address: string) => boolean }
  readonly #deadlines = new Map<Socket, number>()
  readonly #byAddress = new Map<string, number>()
  readonly #timer: NodeJS.Timeout

  constructor(limits: { perAddress: number; total: number; exempt: (address: string) => boolean }) {
    this.#limits = limits
    this.#timer = setInterval(() => this.#endLate(), 1000).unref()
  }

  /** False when the socket is one too many. */
  admit(socket: Socket, address: string, timeoutMs: number): boolean {
    if (this.#deadlines.size >= this.#limits.total) return false
    const held = this.#byAddress.get(address) ?? 0
    if (held >= this.#limits.perAddress && !this.#limits.exempt(address)) return false
    this.#byAddress.set(address, held + 1)
    this.#deadlines.set(socket, Date.now() + timeoutMs)
    socket.once('close', () => {
      this.#deadlines.delete(socket)
      const left = (this.#byAddress.get(address) ?? 1) - 1
      if (left === 0) this.#byAddress.delete(address)
      else this.#byAddress.set(address, left)
    })
    return true
  }

  /** Gives `socket` this much time from now; `Infinity` takes the deadline away. */
  extend(socket: Socket, timeoutMs: number): void {
    if (this.#deadlines.has(socket)) this.#deadlines.set(socket, Date.now() + timeoutMs)
  }

  get open(): number {
    return this.#deadlines.size
  }

  /** Ends every socket after what was written to it. */
  endAll(): void {
    for (const socket of this.#deadlines.keys()) socket.destroySoon()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #endLate(): void {
    const now = Date.now()
    for (const [socket, deadline] of this.#deadlines) if (deadline < now) socket.destroy()
  }
}
