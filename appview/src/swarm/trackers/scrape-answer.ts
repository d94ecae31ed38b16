import type { GuardedFetch } from '../../outbound/guarded-fetch.ts'

/** What a scrape needs besides the tracker and the names. */
export interface Scraping {
  fetch: GuardedFetch
  allowPrivateHosts: boolean
  signal: AbortSignal
  timeoutMs: number
}

/** Counts by name; names that the tracker does not know are absent. */
export interface ScrapeAnswer {
  counts: ReadonlyMap<string, ScrapedCounts>
  /** How long the tracker asks to wait before the next request. */
  waitMs?: number
}

export interface ScrapedCounts {
  seeders: number
  leechers: number
  completed: number | null
}

/** The tracker refused the request. The message has its reason, shortened. */
export class ScrapeRefusedError extends Error {
  constructor(reason: string) {
    super(`the tracker refuses: ${reason.slice(0, 300)}`)
  }
}

/** The wait that a tracker asks for (`flags.min_request_interval` in seconds, BEP 48), in milliseconds, at most a day. */
export function restMs(seconds: unknown): number | undefined {
  return typeof seconds === 'number' && seconds > 0 ? Math.min(seconds * 1_000, maxRestMs) : undefined
}

const maxRestMs = 24 * 3_600_000

/** The highest count that is accepted from a stranger's tracker; no larger swarm has been seen. */
const maxPeers = 1_000_000
const maxCompleted = 1_000_000_000

/** Limits the counts of a stranger's tracker to possible values. */
export function boundedCounts(counts: ScrapedCounts): ScrapedCounts {
  return {
    seeders: bounded(counts.seeders, maxPeers),
    leechers: bounded(counts.leechers, maxPeers),
    completed: counts.completed === null ? null : bounded(counts.completed, maxCompleted),
  }
}

function bounded(count: number, highest: number): number {
  return Number.isNaN(count) ? 0 : Math.min(Math.max(Math.trunc(count), 0), highest)
}
