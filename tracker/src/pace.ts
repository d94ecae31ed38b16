/**
 * How often clients are asked to announce, and how long a silent one is remembered. Under load the interval
 * stretches, up to twice; every answer spreads it by a tenth either way so that clients do not fall into step.
 */
export class Pace {
  readonly #intervalSeconds: number
  #stretch = 1
  #longest = 1
  /** Counts half minutes, modulo 256, as the swarms keep them. */
  tick = 0
  /** What clients are told not to fall below, in seconds. */
  readonly minIntervalSeconds: number

  constructor(intervalSeconds: number) {
    this.#intervalSeconds = intervalSeconds
    this.minIntervalSeconds = Math.ceil(intervalSeconds / 2)
  }

  /** Call every few seconds with the time in seconds and how busy the process is, from 0 to 1. */
  observe(seconds: number, busy: number): void {
    this.tick = Math.floor(seconds / TICK_SECONDS) & 0xff
    if (busy > 0.75) this.#stretch = Math.min(MAX_STRETCH, this.#stretch * 1.1)
    else if (busy < 0.5) this.#stretch = Math.max(1, this.#stretch / 1.02)
    // Peers that were told a long interval are waited for; the memory of it fades slower than it lasts.
    this.#longest = Math.max(this.#stretch, this.#longest * 0.999)
  }

  /** Seconds until the next announce; `random` lies in [0, 1). */
  interval(random: number): number {
    return Math.round(this.#intervalSeconds * this.#stretch * (0.9 + random * 0.2))
  }

  /** Ticks without an announce after which a peer is gone: one missed interval and a grace of five minutes. */
  get ttlTicks(): number {
    const seconds = this.#intervalSeconds * this.#longest * 1.1 * 1.5 + 300
    return Math.min(MAX_TTL_TICKS, Math.ceil(seconds / TICK_SECONDS))
  }

  get stretch(): number {
    return this.#stretch
  }
}

export const TICK_SECONDS = 30
const MAX_STRETCH = 2
/** Ticks wrap at 256 and a round of expiry takes up to ten minutes. */
const MAX_TTL_TICKS = 230
