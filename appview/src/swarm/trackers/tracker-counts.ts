import type { Catalog } from '../../catalog/open.ts'
import { type AnnouncedContent, swarmKey, swarmNames } from '../../catalog/swarms/swarm-contents.ts'
import { type SwarmCount, writeScrapeFailure, writeSwarmCounts } from '../../catalog/swarms/swarm-counts.ts'
import { maxNames, scrape } from './scrape.ts'
import { type ScrapeAnswer, type ScrapedCounts, ScrapeRefusedError, type Scraping } from './scrape-answer.ts'

/** How a tracker took a question: to refuse is an answer too. */
export interface Asked {
  outcome: 'answered' | 'refused' | 'failed'
  waitMs?: number
}

/**
 * Asks a tracker about contents of at most 74 names together, and writes what it says. When it refuses several,
 * which may be for the sake of one, nothing is written: ask about fewer.
 */
export async function askTracker(
  catalog: Catalog,
  question: { tracker: string; contents: readonly AnnouncedContent[] },
  scraping: Scraping,
): Promise<Asked> {
  const { tracker, contents } = question
  const at = new Date()
  const said = await scrape(tracker, contents.flatMap(swarmNames), scraping).catch((error: unknown) => ({
    error,
  }))
  scraping.signal.throwIfAborted()
  if (!('error' in said)) {
    const counts = contents.map((content) => toCount(content, said))
    await writeSwarmCounts(catalog.db, { tracker, at, counts })
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

/** The first of these contents, as many as a question of so many names takes; one at least. */
export function takeQuestion(contents: readonly AnnouncedContent[], names = maxNames): AnnouncedContent[] {
  let left = names
  return contents.filter((content, i) => {
    left -= swarmNames(content).length
    return i === 0 || left >= 0
  })
}

const nobody: ScrapedCounts = { seeders: 0, leechers: 0, completed: null }

/**
 * What a tracker leaves out it does not have. A hybrid has a swarm under each of its names, with the same clients in
 * both as far as they speak both versions: the fuller one counts.
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
