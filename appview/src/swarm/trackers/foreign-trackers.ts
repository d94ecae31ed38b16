/**
 * Asks other people's trackers that records and metainfo name: seldom, with one request at a time to each host, and after a
 * longer rest each time they do not answer.
 */
import { setTimeout as delay } from 'node:timers/promises'
import { forgetTracker, readDueContents, readTrackers } from '../../catalog/swarms/schedule.ts'
import { eachLimited } from '../../runtime/each-limited.ts'
import type { Catalog } from '../../store/open.ts'
import type { HostPace } from '../host-pace.ts'
import type { OwnTrackers } from './own-tracker-round.ts'
import { maxNames } from './scrape.ts'
import type { Scraping } from './scrape-answer.ts'
import { type Asked, askTracker, takeQuestion } from './tracker-counts.ts'

export interface ForeignTrackerParts {
  catalog: Catalog
  scraping: Scraping
  pace: HostPace
  own: OwnTrackers
  /** How long counts stay valid, in milliseconds. */
  recheckMs: number
  onAsked: (outcome: Asked['outcome']) => void
}

const pageSize = 200
const hostsAtOnce = 16
/** How many requests are sent to one host before it is the next host's turn. */
const questionsPerVisit = 20

/** Makes the round over all trackers that answered last time, or over all others. */
export function createForeignTrackersRound(
  which: 'proven' | 'unproven',
  parts: ForeignTrackerParts,
): () => Promise<void> {
  const lane: Lane = { ...parts, names: new Map() }
  return async () => {
    let after = ''
    while (!parts.scraping.signal.aborted) {
      const page = { proven: which === 'proven', after, limit: pageSize }
      const trackers = await readTrackers(parts.catalog.db, page)
      for (const url of trackers) if (parts.own.isAlias(url)) await forgetTracker(parts.catalog.db, url)
      const foreign = trackers.filter((url) => !parts.own.has(url))
      const byHost = Map.groupBy(foreign, (url) => new URL(url).hostname)
      await eachLimited(byHost, hostsAtOnce, async ([, urls]) => {
        for (const url of urls) await visit(url, lane)
      })
      if (trackers.length < pageSize) return
      after = trackers.at(-1)!
    }
  }
}

interface Lane extends ForeignTrackerParts {
  /** How many names to put into one request, by tracker, if fewer than usual. */
  names: Map<string, number>
}

async function visit(tracker: string, lane: Lane): Promise<void> {
  const { catalog, scraping, pace, recheckMs } = lane
  // A server that does not answer on one port may answer on another.
  const { protocol, host } = new URL(tracker)
  const server = `${protocol}//${host}`
  for (let asked = 0; asked < questionsPerVisit && !scraping.signal.aborted; asked++) {
    const restMs = pace.restMs(server)
    if (restMs > maxPatienceMs) return
    const due = await readDueContents(catalog.db, { tracker, recheckMs, limit: maxNames })
    if (due.length === 0) return
    await delay(restMs, undefined, { signal: scraping.signal }).catch(() => {})
    if (scraping.signal.aborted) return
    const names = lane.names.get(tracker) ?? maxNames
    const { outcome, waitMs } = await askTracker(
      catalog,
      { tracker, contents: takeQuestion(due, names) },
      scraping,
    )
    if (outcome === 'failed') pace.failed(server, waitMs)
    else pace.answered(server, waitMs)
    resize(lane.names, tracker, { names, outcome })
    lane.onAsked(outcome)
    if (outcome === 'failed') return
  }
}

/** Some trackers refuse a whole request because of one unknown torrent; they are then asked about fewer at a time. */
function resize(
  sizes: Map<string, number>,
  tracker: string,
  { names, outcome }: { names: number; outcome: Asked['outcome'] },
): void {
  const next = outcome === 'refused' ? Math.ceil(names / 4) : outcome === 'answered' ? names * 2 : names
  if (next >= maxNames) sizes.delete(tracker)
  else sizes.set(tracker, next)
}

/** A host that must rest for longer than this is left to the next round. */
const maxPatienceMs = 10_000
