import { setImmediate, setTimeout as wait } from 'node:timers/promises'
import type { Logger } from 'pino'
import { maxSources } from '../swarms/allowed.ts'
import { unpackEntries } from './entries.ts'
import { Listing } from './listing.ts'
import { readSavedList, SavedList, type SavedState } from './saved-list.ts'
import type { AllowListSource, AllowListTarget } from './source.ts'
import { followChanges, type Position, StreamBrokenError } from './stream.ts'

/**
 * Follows the AppViews in `urls`; a torrent is allowed if any of them lists it. It fails closed: nothing is allowed
 * before the first list has been read. A saved list younger than `maxAgeMs` is used from the start, and a list that can
 * no longer be refreshed stays in use while its reported age grows.
 */
export function followAppViews(options: FollowOptions): (target: AllowListTarget) => AllowListSource {
  return (target) => {
    const { urls } = options
    if (urls.length > maxSources) throw new RangeError(`at most ${maxSources} AppViews can be followed`)
    const stopped = new AbortController()
    const followers = urls.map((url, source) => new Follower({ ...options, url, source, target }))
    const running = Promise.all(followers.map((follower) => follower.run(stopped.signal)))
    return {
      ready: () => followers.some((follower) => follower.confirmedAtMs > 0),
      ageSeconds() {
        const oldest = Math.min(...followers.map((follower) => follower.confirmedAtMs || options.startedAtMs))
        return Math.max(0, Date.now() - oldest) / 1000
      },
      leftOut: () => followers.reduce((sum, follower) => sum + follower.leftOut, 0),
      async [Symbol.asyncDispose]() {
        stopped.abort()
        await running
      },
    }
  }
}

export interface FollowOptions {
  urls: readonly string[]
  /** The directory in which lists are saved. */
  directory: string
  maxAgeMs: number
  startedAtMs: number
  log: Logger
}

const shortestWaitMs = 250
const longestWaitMs = 30_000
const saveEveryMs = 60_000
/** The whole list is read again this often, in case either side lost a change. */
const relistEveryMs = 6 * 3_600_000

/** Keeps one AppView's part of the allow-list up to date. */
class Follower {
  /** When this AppView's list was last known to be correct, in milliseconds since 1970; 0 before the first list. */
  confirmedAtMs = 0
  /** Torrents that are left out because the allow-list is full. */
  leftOut = 0
  readonly #options: FollowOptions & { url: string; source: number; target: AllowListTarget }
  #position: Position | undefined
  #listing: Listing | undefined
  #saved: SavedList | undefined
  #listedAtMs = 0
  #savedAtMs = 0
  #failures = 0

  constructor(options: FollowOptions & { url: string; source: number; target: AllowListTarget }) {
    this.#options = options
  }

  async run(signal: AbortSignal): Promise<void> {
    await this.#restore(signal)
    while (!signal.aborted) {
      try {
        await this.#follow(signal)
      } catch (error) {
        if (!signal.aborted) await this.#backOff(error as Error, signal)
      }
    }
    await this.#listing?.abandon()
    await this.#save()
    await this.#saved?.[Symbol.asyncDispose]()
  }

  async #restore(signal: AbortSignal): Promise<void> {
    const { directory, url, maxAgeMs, log } = this.#options
    try {
      let last: { state: SavedState; length: number } | undefined
      for await (const { part, length } of readSavedList(directory, url)) {
        if (part.kind === 'state') last = { state: part, length }
      }
      if (last === undefined) return
      const ageMs = Date.now() - last.state.confirmedAtMs
      if (!(ageMs <= maxAgeMs)) {
        log.warn({ appview: url, ageHours: ageMs / 3_600_000 }, 'the saved allow-list is too old to serve')
        return
      }
      await this.#apply(last.length, signal)
      this.#saved = await SavedList.resume(directory, url, last.length)
      this.confirmedAtMs = last.state.confirmedAtMs
      this.#listedAtMs = last.state.listedAtMs
      this.#position = last.state.position
      log.info(
        { appview: url, ageSeconds: ageMs / 1000 },
        'serving the saved allow-list until the AppView answers',
      )
    } catch (error) {
      log.warn({ appview: url, err: error }, 'the saved allow-list cannot be used')
    }
  }

  /** Allows the torrents of the saved list up to byte `end`, in slices between announces. */
  async #apply(end: number, signal: AbortSignal): Promise<void> {
    const { directory, url, source, target } = this.#options
    let applied = 0
    for await (const { part, length } of readSavedList(directory, url)) {
      if (length > end || signal.aborted) return
      if (part.kind === 'state') continue
      for (const hashes of unpackEntries(part.packed)) {
        if (part.kind === 'remove') target.remove(source, hashes)
        else if (!target.add(source, hashes)) this.#noRoom(1)
        if (++applied % slice === 0) await setImmediate()
      }
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { url, target, source } = this.#options
    if (this.#position === undefined || Date.now() - this.#listedAtMs > relistEveryMs) {
      await this.#list(signal)
    }
    const untilRelist = AbortSignal.timeout(relistEveryMs)
    for await (const change of followChanges(url, this.#position!, AbortSignal.any([signal, untilRelist]))) {
      if (change.kind !== 'alive') this.#saved?.note(change.kind, change.hashes)
      if (change.kind === 'remove') target.remove(source, change.hashes)
      else if (change.kind === 'add' && !target.add(source, change.hashes)) this.#noRoom(1)
      this.#position = change.position
      this.#failures = 0
      this.confirmedAtMs = Date.now()
      if (Date.now() - this.#savedAtMs > saveEveryMs) await this.#save()
    }
  }

  /** Reads the whole list; after a page that failed, it continues with that page. */
  async #list(signal: AbortSignal): Promise<void> {
    const { log, url, target, source } = this.#options
    const begunAtMs = Date.now()
    if (this.#listing !== undefined && begunAtMs - this.#listing.begunAtMs > longestListingMs) {
      await this.#listing.abandon()
      this.#listing = undefined
    }
    this.#listing ??= await Listing.begin(this.#options, signal)
    const listing = this.#listing
    try {
      for await (const _page of listing.read(signal)) this.#failures = 0
    } catch (error) {
      if (listing.isOver(error as Error)) {
        await listing.abandon()
        this.#listing = undefined
      }
      throw error
    }
    await target.finish(source)
    this.#listing = undefined
    this.leftOut = 0
    if (listing.leftOut > 0) this.#noRoom(listing.leftOut)
    this.#position = listing.position
    this.#listedAtMs = Date.now()
    this.confirmedAtMs = listing.begunAtMs
    await this.#saved?.[Symbol.asyncDispose]()
    this.#saved = listing.saved
    await this.#save(true)
    log.info(
      { appview: url, seq: listing.position.seq, seconds: (Date.now() - begunAtMs) / 1000 },
      'allow-list read',
    )
  }

  #noRoom(count: number): void {
    if (this.leftOut === 0) {
      this.#options.log.error(
        { appview: this.#options.url },
        'the allow-list is full and the remaining torrents are not served: raise HOLDFAST_TRACKER_MAX_TORRENTS and restart',
      )
    }
    this.leftOut += count
  }

  async #backOff(error: Error, signal: AbortSignal): Promise<void> {
    const { url, log } = this.#options
    if (error instanceof StreamBrokenError) {
      this.#position = undefined
      log.info({ appview: url, reason: error.message }, 'reading the whole allow-list again')
      if (this.#failures++ === 0) return
    }
    const waitMs = Math.min(longestWaitMs, shortestWaitMs * 2 ** this.#failures) * (0.5 + Math.random() / 2)
    if (this.#failures++ % warnEvery === 0) {
      log.warn(
        { appview: url, reason: error.message, serving: this.confirmedAtMs > 0 },
        'cannot follow the AppView; trying again',
      )
    }
    await wait(waitMs, undefined, { signal }).catch(() => {})
  }

  /** Saves what changed. A disk error must not stop announces. */
  async #save(whole = false): Promise<void> {
    const { directory, log } = this.#options
    if (this.#saved === undefined || this.#position === undefined) return
    this.#savedAtMs = Date.now()
    const { confirmedAtMs } = this
    try {
      await this.#saved.save({ position: this.#position, confirmedAtMs, listedAtMs: this.#listedAtMs })
      if (whole) await this.#saved.finish()
    } catch (error) {
      log.error(
        { err: error, directory },
        'the allow-list cannot be saved: after a restart, announces will be refused until the AppView answers',
      )
    }
  }
}

const warnEvery = 10
const slice = 500
/** The stream is followed from the position where a listing began, so that position must still be replayable. */
const longestListingMs = 3_600_000
