import { setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { MAX_SOURCES } from '../swarms/allowed.ts'
import { fetchList, followChanges, type Position, StreamBroken } from './appview.ts'
import { packEntries, unpackEntries } from './entries.ts'
import { readSavedList, writeSavedList } from './saved-list.ts'
import type { AllowListSource, AllowListTarget } from './source.ts'

/**
 * Follows the AppViews of `urls`: a torrent that any of them vouches for is let in. Fails closed: until one
 * list is there nothing is. A saved list younger than `maxAgeMs` serves from the start, and a list that can no
 * longer be refreshed goes on serving while its age shows.
 */
export function followAppViews(options: FollowOptions): (target: AllowListTarget) => AllowListSource {
  return (target) => {
    const { urls } = options
    if (urls.length > MAX_SOURCES) throw new RangeError(`at most ${MAX_SOURCES} AppViews can be followed`)
    const stopped = new AbortController()
    const followers = urls.map((url, source) => new Follower({ ...options, url, source, target }))
    const running = Promise.all(followers.map((follower) => follower.run(stopped.signal)))
    return {
      ready: () => followers.some((follower) => follower.confirmedAtMs > 0),
      ageSeconds() {
        const oldest = Math.min(...followers.map((follower) => follower.confirmedAtMs || options.startedAtMs))
        return Math.max(0, Date.now() - oldest) / 1000
      },
      async [Symbol.asyncDispose]() {
        stopped.abort()
        await running
      },
    }
  }
}

export type FollowOptions = {
  urls: readonly string[]
  /** Where lists are saved. */
  directory: string
  maxAgeMs: number
  startedAtMs: number
  log: Logger
}

const SHORTEST_WAIT_MS = 250
const LONGEST_WAIT_MS = 30_000
const SAVE_EVERY_MS = 60_000
/** The whole list is compared again this often, in case a change went missing on either side. */
const RELIST_EVERY_MS = 6 * 3_600_000

/** Keeps the share of one AppView in the list. */
class Follower {
  /** When this AppView's list was last known to be right; 0 before there is one. */
  confirmedAtMs = 0
  readonly #options: FollowOptions & { url: string; source: number; target: AllowListTarget }
  #position: Position | undefined
  #listedAtMs = 0
  #savedAtMs = 0
  #failures = 0

  constructor(options: FollowOptions & { url: string; source: number; target: AllowListTarget }) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#restore()
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (!signal.aborted) await this.#backOff(error as Error, signal)
      }
    }
    await this.#save()
  }

  async #restore(): Promise<void> {
    const { directory, url, maxAgeMs, source, target, log } = this.#options
    try {
      const saved = await readSavedList(directory, url)
      if (saved === undefined) return
      const ageMs = Date.now() - saved.confirmedAtMs
      if (!(ageMs <= maxAgeMs)) {
        log.warn({ appview: url, ageHours: ageMs / 3_600_000 }, 'the saved allow-list is too old to serve')
        return
      }
      for (const hashes of unpackEntries(saved.packed)) target.add(source, hashes)
      this.confirmedAtMs = saved.confirmedAtMs
      log.info(
        { appview: url, ageSeconds: ageMs / 1000 },
        'serving the saved allow-list until the AppView answers',
      )
    } catch (error) {
      log.warn({ appview: url, err: error }, 'the saved allow-list cannot be used')
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { url, target, source, log } = this.#options
    if (this.#position === undefined || Date.now() - this.#listedAtMs > RELIST_EVERY_MS) {
      const list = await fetchList(url, signal)
      await target.replace(source, list.packed)
      this.#position = { seq: list.seq, epoch: list.epoch }
      this.#listedAtMs = Date.now()
      this.confirmedAtMs = this.#listedAtMs
      await this.#save()
      log.info({ appview: url, seq: list.seq }, 'allow-list read')
    }
    const untilRelist = AbortSignal.timeout(RELIST_EVERY_MS)
    for await (const change of followChanges(url, this.#position, AbortSignal.any([signal, untilRelist]))) {
      if (change.kind === 'add') target.add(source, change.hashes)
      else if (change.kind === 'remove') target.remove(source, change.hashes)
      this.#position = change.position
      this.#failures = 0
      this.confirmedAtMs = Date.now()
      if (Date.now() - this.#savedAtMs > SAVE_EVERY_MS) await this.#save()
    }
  }

  async #backOff(error: Error, signal: AbortSignal): Promise<void> {
    const { url, log } = this.#options
    if (error instanceof StreamBroken) {
      this.#position = undefined
      log.info({ appview: url, reason: error.message }, 'reading the whole allow-list again')
      if (this.#failures++ === 0) return
    }
    const waitMs =
      Math.min(LONGEST_WAIT_MS, SHORTEST_WAIT_MS * 2 ** this.#failures) * (0.5 + Math.random() / 2)
    if (this.#failures++ % WARN_EVERY === 0) {
      log.warn(
        { appview: url, reason: error.message, serving: this.confirmedAtMs > 0 },
        'cannot follow the AppView; trying again',
      )
    }
    await wait(waitMs, undefined, { signal }).catch(() => {})
  }

  /** Saves what is in effect. A disk that refuses must not stop announces. */
  async #save(): Promise<void> {
    const { directory, url, target, source, log } = this.#options
    if (this.confirmedAtMs === 0) return
    this.#savedAtMs = Date.now()
    const entries: Uint8Array[] = []
    target.forEach(source, (hashes) => entries.push(Uint8Array.from(hashes)))
    try {
      await writeSavedList(directory, url, {
        confirmedAtMs: this.confirmedAtMs,
        packed: packEntries(entries),
      })
    } catch (error) {
      log.error(
        { err: error, directory },
        'the allow-list cannot be saved: a restart will wait for the AppView',
      )
    }
  }
}

const WARN_EVERY = 10
