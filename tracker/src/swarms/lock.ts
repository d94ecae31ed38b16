/**
 * A lock in shared memory: 0 is free, 1 held, 2 held and waited for. What it guards takes about a microsecond,
 * so a thread that finds it held looks again for a while before it sleeps.
 */
export class Lock {
  readonly #words: Int32Array
  readonly #at: number
  readonly #shared: boolean

  /** @param shared false where one thread has the memory to itself and need not pay for a lock */
  constructor(words: Int32Array, at: number, shared: boolean) {
    this.#words = words
    this.#at = at
    this.#shared = shared
  }

  take(): void {
    if (!this.#shared) return
    for (let look = 0; look < LOOKS; look++) {
      if (Atomics.compareExchange(this.#words, this.#at, 0, 1) === 0) return
    }
    while (Atomics.exchange(this.#words, this.#at, 2) !== 0) Atomics.wait(this.#words, this.#at, 2)
  }

  give(): void {
    if (this.#shared && Atomics.exchange(this.#words, this.#at, 0) === 2)
      Atomics.notify(this.#words, this.#at, 1)
  }
}

const LOOKS = 200
