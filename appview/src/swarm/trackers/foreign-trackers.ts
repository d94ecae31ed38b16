/**
 * Other people's trackers, as records and metainfo name them: asked seldom, one question at a time for each host, and
 * left alone for longer each time they do not answer.
 */
import { setTimeout as delay } from 'node:timers/promises'
import type { Catalog } from '../../catalog/open.ts'
import { forgetTracker, readDueContents, readTrackers } from '../../catalog/swarms/swarm-schedule.ts'
import { eachLimited } from '../each-limited.ts'
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
  /** How long counts are good for. */
  recheckMs: number
  onAsked: (outcome: Asked['outcome']) => void
}

const pageSize = 200
const hostsAtOnce = 16
/** Then the next host has its turn. */
const questionsPerVisit = 20

/** Makes the round over all trackers that have answered, or over all others. */
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
  /** How many names a tracker is asked about at once, where that is fewer than it could be. */
  names: Map<string, number>
}

async function visit(tracker: string, lane: Lane): Promise<void> {
  const { catalog, scraping, pace, recheckMs } = lane
  // A server that does not answer on one port may well on another.
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

/** Some trackers refuse a whole question for one torrent they do not know: they are asked about fewer at a time. */
function resize(
  sizes: Map<string, number>,
  tracker: string,
  { names, outcome }: { names: number; outcome: Asked['outcome'] },
): void {
  const next = outcome === 'refused' ? Math.ceil(names / 4) : outcome === 'answered' ? names * 2 : names
  if (next >= maxNames) sizes.delete(tracker)
  else sizes.set(tracker, next)
}

/** A rest longer than this is not waited out: the host's turn comes again in the next round. */
const maxPatienceMs = 10_000
