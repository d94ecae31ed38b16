import { scrapeHttp } from './http-scrape.ts'
import type { ScrapeAnswer, Scraping } from './scrape-answer.ts'
import { isWebSocket } from './tracker-url.ts'
import { scrapeUdp } from './udp-scrape.ts'
import { scrapeWebSocket } from './websocket-scrape.ts'

/** The most names in one request. A datagram could have 74 (BEP 15), but some trackers, including ours, accept no more over HTTP. */
export const maxNames = 64

/**
 * Asks a tracker for the counts of up to 64 names (20 bytes in hex), over HTTP (BEP 48), UDP (BEP 15) or
 * WebSocket (as WebTorrent does).
 *
 * @throws ScrapeRefusedError when the tracker answers with a reason; otherwise an Error that says why there is no answer.
 */
export function scrape(
  announceUrl: string,
  names: readonly string[],
  scraping: Scraping,
): Promise<ScrapeAnswer> {
  const url = new URL(announceUrl)
  if (url.protocol === 'udp:') return scrapeUdp(url, names, scraping)
  if (isWebSocket(url)) return scrapeWebSocket(url, names, scraping)
  return scrapeHttp(announceUrl, names, scraping)
}
