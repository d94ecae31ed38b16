import { type AnnouncedContent, swarmKey, swarmNames } from '../../catalog/swarms/contents.ts'
import { type SwarmCount, writeScrapeFailure, writeSwarmCounts } from '../../catalog/swarms/counts.ts'
import type { Catalog } from '../../store/open.ts'
import { maxNames, scrape } from './scrape.ts'
import { type ScrapeAnswer, type ScrapedCounts, ScrapeRefusedError, type Scraping } from './scrape-answer.ts'

/** The outcome of asking a tracker; a refusal is an answer too. */
export interface Asked {
  outcome: 'answered' | 'refused' | 'failed'
  waitMs?: number
}

/**
 * Asks a tracker about contents with at most 64 names together, and writes its counts. When it refuses a request about
 * several contents, perhaps because of one of them, nothing is written; the caller should ask about fewer.
 */
export async function askTracker(
  catalog: Catalog,
  question: { tracker: string; own?: boolean; contents: readonly AnnouncedContent[] },
  scraping: Scraping,
): Promise<Asked> {
  const { tracker, own = false, contents } = question
  const at = new Date()
  const said = await scrape(tracker, contents.flatMap(swarmNames), scraping).catch((error: unknown) => ({
    error,
  }))
  scraping.signal.throwIfAborted()
  if (!('error' in said)) {
    const counts = contents.map((content) => toCount(content, said))
    await writeSwarmCounts(catalog.db, { tracker, own, at, counts })
    return { outcome: 'answered', ...(said.waitMs && { waitMs: said.waitMs }) }
  }
  const { error } = said
  const isRefused = error instanceof ScrapeRefusedError
  if (isRefused && contents.length > 1) return { outcome: 'refused' }
  const infoHashes = contents.map(swarmKey)
  const message = error instanceof Error ? error.message : String(error)
  await writeScrapeFailure(catalog.db, { tracker, at, infoHashes, error: message.slice(0, 500) })
  if (isRefused) return { outcome: 'refused' }
  return { outcome: 'failed', ...(isBusy(error) && { waitMs: error.retryAfterMs }) }
}

function isBusy(error: unknown): error is { retryAfterMs: number } {
  return error instanceof Error && 'retryAfterMs' in error && typeof error.retryAfterMs === 'number'
}

/** Takes as many of these contents as fit into a request of `names` names; at least one. */
export function takeQuestion(contents: readonly AnnouncedContent[], names = maxNames): AnnouncedContent[] {
  let left = names
  return contents.filter((content, i) => {
    left -= swarmNames(content).length
    return i === 0 || left >= 0
  })
}

const nobody: ScrapedCounts = { seeders: 0, leechers: 0, completed: null }

/**
 * Makes the count of a content. Names that the tracker left out have no peers. A hybrid torrent has a swarm under each of
 * its names, mostly with the same clients in both, so the larger one counts.
 */
export function toCount(
  content: AnnouncedContent,
  { counts }: Pick<ScrapeAnswer, 'counts'>,
  absent: ScrapedCounts = nobody,
): SwarmCount {
  const found = swarmNames(content).map((name) => counts.get(name) ?? absent)
  const highest = (key: keyof ScrapedCounts) => Math.max(...found.map((count) => count[key] ?? 0))
  const isCompletedKnown = found.some((count) => count.completed !== null)
  return {
    infoHash: swarmKey(content),
    seeders: highest('seeders'),
    leechers: highest('leechers'),
    completed: isCompletedKnown ? highest('completed') : null,
  }
}
