/**
 * How often clients are asked to announce, and how long a silent peer is remembered. Under load the interval grows, up
 * to twice its length; every answer varies it by a tenth either way, so that clients do not announce all at once.
 */
export class AnnounceInterval {
  readonly #intervalSeconds: number
  #stretch = 1
  #longest = 1
  /** The current time in half minutes modulo 256, which is how swarms store times. */
  tick = 0
  /** The shortest interval that clients are allowed, in seconds. */
  readonly minIntervalSeconds: number

  constructor(intervalSeconds: number) {
    this.#intervalSeconds = intervalSeconds
    this.minIntervalSeconds = Math.ceil(intervalSeconds / 2)
  }

  /** Call every few seconds with the time in seconds and how busy the process is, from 0 to 1. */
  observe(seconds: number, busy: number): void {
    this.tick = Math.floor(seconds / tickSeconds) & 0xff
    if (busy > 0.75) this.#stretch = Math.min(maxStretch, this.#stretch * 1.1)
    else if (busy < 0.5) this.#stretch = Math.max(1, this.#stretch / 1.02)
    // Peers that were told a long interval are remembered for that long, so this decays more slowly than the interval.
    this.#longest = Math.max(this.#stretch, this.#longest * 0.999)
  }

  /** Seconds until the next announce; `random` lies in [0, 1). */
  nextSeconds(random: number): number {
    return Math.round(this.#intervalSeconds * this.#stretch * (0.9 + random * 0.2))
  }

  /** The number of ticks without an announce after which a peer is dropped: one missed interval and five more minutes. */
  get ttlTicks(): number {
    const seconds = this.#intervalSeconds * this.#longest * 1.1 * 1.5 + 300
    return Math.min(maxTtlTicks, Math.ceil(seconds / tickSeconds))
  }

  get stretch(): number {
    return this.#stretch
  }
}

export const tickSeconds = 30
const maxStretch = 2
/** Ticks wrap at 256, and one round of expiry takes up to ten minutes. */
const maxTtlTicks = 230
