import { setTimeout } from 'node:timers/promises'

/**
 * Until when each host is left alone, shared between threads: one connection that is told to wait makes all of them
 * wait. Times are milliseconds since 1970.
 */
export class Pauses {
  readonly shared: SharedArrayBuffer
  readonly #untilMs: BigInt64Array

  constructor(hosts: number | SharedArrayBuffer) {
    this.shared = typeof hosts === 'number' ? new SharedArrayBuffer(hosts * 8) : hosts
    this.#untilMs = new BigInt64Array(this.shared)
  }

  pause(host: number, ms: number): void {
    const until = BigInt(Math.ceil(Date.now() + ms))
    if (Atomics.load(this.#untilMs, host) < until) Atomics.store(this.#untilMs, host, until)
  }

  /** Resolves when the host may be asked. */
  async wait(host: number): Promise<void> {
    for (;;) {
      const ms = Number(Atomics.load(this.#untilMs, host)) - Date.now()
      if (ms <= 0) return
      await setTimeout(Math.min(ms, 60_000))
    }
  }
}
