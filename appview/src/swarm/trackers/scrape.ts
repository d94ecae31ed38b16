import { scrapeHttp } from './http-scrape.ts'
import type { ScrapeAnswer, Scraping } from './scrape-answer.ts'
import { scrapeUdp } from './udp-scrape.ts'

/** A datagram takes so many names (BEP 15); HTTP trackers get no more, so that the URL stays short. */
export const maxNames = 74

/**
 * Asks a tracker for the counts of up to 74 names (20 bytes in hex), over HTTP (BEP 48) or UDP (BEP 15).
 *
 * @throws ScrapeRefusedError when the tracker answers with a reason; otherwise an Error that says why there is no answer.
 */
export function scrape(
  announceUrl: string,
  names: readonly string[],
  scraping: Scraping,
): Promise<ScrapeAnswer> {
  return announceUrl.startsWith('udp:')
    ? scrapeUdp(new URL(announceUrl), names, scraping)
    : scrapeHttp(announceUrl, names, scraping)
}
