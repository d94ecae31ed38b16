/**
 * A lock in shared memory: 0 is free, 1 locked, 2 locked and waited for. It is locked for about a microsecond,
 * so a thread that finds it locked retries for a while before it sleeps.
 */
export class Lock {
  readonly #words: Int32Array
  readonly #at: number
  readonly #shared: boolean

  /**
   * @param shared false if only one thread uses the memory, so that no locking is needed
   */
  constructor(words: Int32Array, at: number, shared: boolean) {
    this.#words = words
    this.#at = at
    this.#shared = shared
  }

  take(): void {
    if (!this.#shared) return
    for (let look = 0; look < looks; look++) {
      if (Atomics.compareExchange(this.#words, this.#at, 0, 1) === 0) return
    }
    while (Atomics.exchange(this.#words, this.#at, 2) !== 0) Atomics.wait(this.#words, this.#at, 2)
  }

  give(): void {
    if (this.#shared && Atomics.exchange(this.#words, this.#at, 0) === 2)
      Atomics.notify(this.#words, this.#at, 1)
  }
}

const looks = 200
