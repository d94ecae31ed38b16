import { readAnnouncedPage } from '../../catalog/swarms/contents.ts'
import { createSnapshotRound, type OwnTrackerParts } from './own-trackers.ts'
import type { Scraping } from './scrape-answer.ts'
import { NoSnapshotError } from './swarm-snapshot.ts'
import { askTracker, takeQuestion } from './tracker-counts.ts'

/** When to ask a tracker again for the list of its swarms after it did not have one. */
const retryListMs = 10 * 60_000
/** The time between two scrapes of everything, which take many requests. */
const scrapeEveryMs = 30_000
const pageSize = 1_000

/** Makes the round for one of our own trackers, which reads its list of swarms, or scrapes if it has none. */
export function createOwnTrackerRound(tracker: string, parts: OwnTrackerParts): () => Promise<void> {
  const list = tracker.startsWith('http') ? createSnapshotRound(tracker, parts) : undefined
  const scraping: Scraping = {
    fetch: parts.fetch,
    allowPrivateHosts: true,
    signal: parts.signal,
    timeoutMs: 10_000,
  }
  let listAgainAt = Number.NEGATIVE_INFINITY
  let scrapeAgainAt = Number.NEGATIVE_INFINITY
  return async () => {
    const now = performance.now()
    if (list && now >= listAgainAt) {
      const isListed = await list().then(
        () => true,
        (error) => {
          if (error instanceof NoSnapshotError) return false
          throw error
        },
      )
      if (isListed) return
      listAgainAt = now + retryListMs
    }
    if (now < scrapeAgainAt) return
    await scrapeAll(tracker, parts, scraping)
    scrapeAgainAt = performance.now() + scrapeEveryMs
  }
}

async function scrapeAll(tracker: string, { catalog }: OwnTrackerParts, scraping: Scraping): Promise<void> {
  let after = 0
  for (;;) {
    const contents = await readAnnouncedPage(catalog.db, { after, limit: pageSize })
    for (let rest = contents; rest.length > 0; ) {
      const asked = takeQuestion(rest)
      const { outcome } = await askTracker(catalog, { tracker, own: true, contents: asked }, scraping)
      if (outcome !== 'answered') throw new Error(`${tracker} does not answer a scrape`)
      rest = rest.slice(asked.length)
    }
    if (contents.length < pageSize) return
    after = contents.at(-1)!.id
  }
}

/**
 * Chooses which of several announce URLs to ask. Of the URLs of one server over HTTP, UDP and WebSocket it takes only the
 * first in that order, since its counts include all peers.
 */
export function distinctTrackers(urls: readonly string[]): string[] {
  const ofHost = Map.groupBy(
    urls.filter((url) => /^(https?|udp|wss?):/.test(url)),
    (url) => new URL(url).hostname,
  )
  return [...ofHost.values()].flatMap((same) => {
    const http = same.filter((url) => url.startsWith('http'))
    return http.length > 0
      ? [...new Map(http.map((url) => [new URL(url).origin, url])).values()]
      : [same.find((url) => url.startsWith('udp:')) ?? same[0]!]
  })
}

/** Tells our own trackers from others by host and port, and the URLs of ours under which no counts are kept. */
export function ownTrackers(urls: readonly string[]): OwnTrackers {
  const own = new Set(urls.map((url) => hostAndPort(url)))
  const asked = new Set(distinctTrackers(urls))
  return {
    has: (url) => own.has(hostAndPort(url)),
    isAlias: (url) => own.has(hostAndPort(url)) && !asked.has(url),
  }
}

export interface OwnTrackers {
  has(url: string): boolean
  isAlias(url: string): boolean
}

function hostAndPort(text: string): string {
  const { protocol, hostname, port } = new URL(text)
  const usual = protocol === 'https:' || protocol === 'wss:' ? '443' : '80'
  return `${hostname.toLowerCase()}:${port || usual}`
}
