import type { GuardedFetch } from '../../guarded-fetch.ts'

/** What scraping a tracker needs. */
export interface Scraping {
  fetch: GuardedFetch
  allowPrivateHosts: boolean
  signal: AbortSignal
  timeoutMs: number
}

/** Counts by name. A tracker leaves out what it does not know. */
export interface ScrapeAnswer {
  counts: ReadonlyMap<string, ScrapedCounts>
  /** How long the tracker asks to be left alone. */
  waitMs?: number
}

export interface ScrapedCounts {
  seeders: number
  leechers: number
  completed: number | null
}

/** The tracker answered, and refuses: with its reason, cut to a length that can be shown. */
export class ScrapeRefusedError extends Error {
  constructor(reason: string) {
    super(`the tracker refuses: ${reason.slice(0, 300)}`)
  }
}

/** Larger swarms than this have not been seen; a stranger's tracker may say anything. */
const maxPeers = 1_000_000
const maxCompleted = 1_000_000_000

/** Counts as a stranger gave them, within what can be. */
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
