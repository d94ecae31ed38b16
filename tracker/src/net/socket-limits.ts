import type { Socket } from 'node:net'
import { householdsASite } from '../swarms/neighbors.ts'
import { neighborhoodOf } from '../wire/households.ts'

/**
 * Counts sockets, in total and per address (a /64 of IPv6; a /48 may have four times as many), and ends each that
 * misses its deadline. Deadlines are checked once a second, so a client cannot gain time by sending byte by byte, and
 * no timer per socket is needed.
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

  /** Returns false if there are too many sockets already. */
  admit(socket: Socket, address: string, timeoutMs: number): boolean {
    if (this.#deadlines.size >= this.#limits.total) return false
    const { household, site } = neighborhoodOf(address)
    const { perAddress } = this.#limits
    const isOneTooMany =
      this.#countOf(household) >= perAddress || this.#countOf(siteKey(site)) >= perAddress * householdsASite
    if (isOneTooMany && !this.#limits.exempt(address)) return false
    this.#count(household, 1)
    this.#count(siteKey(site), 1)
    this.#deadlines.set(socket, Date.now() + timeoutMs)
    socket.once('close', () => {
      this.#deadlines.delete(socket)
      this.#count(household, -1)
      this.#count(siteKey(site), -1)
    })
    return true
  }

  /** Sets the deadline of `socket` to this long from now; `Infinity` removes it. */
  extend(socket: Socket, timeoutMs: number): void {
    if (this.#deadlines.has(socket)) this.#deadlines.set(socket, Date.now() + timeoutMs)
  }

  get open(): number {
    return this.#deadlines.size
  }

  /** Ends every socket after its pending output. */
  endAll(): void {
    for (const socket of this.#deadlines.keys()) socket.destroySoon()
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer)
  }

  #countOf(key: string): number {
    return this.#byAddress.get(key) ?? 0
  }

  #count(key: string, change: 1 | -1): void {
    const count = this.#countOf(key) + change
    if (count === 0) this.#byAddress.delete(key)
    else this.#byAddress.set(key, count)
  }

  #endLate(): void {
    const now = Date.now()
    for (const [socket, deadline] of this.#deadlines) if (deadline < now) socket.destroy()
  }
}

/** The key that counts a site; an IPv4 address is a site of its own, counted apart from the address. */
function siteKey(site: string): string {
  return `${site} `
}
