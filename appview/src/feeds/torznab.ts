/** Torznab (Newznab's API for torrents), so that Prowlarr and qBittorrent's search reach the index. */
import type { RequestHandler } from 'express'
import type { FeedItem } from './feed.ts'
import { queryOf } from './request-query.ts'
import { otherCategory, writeRss } from './rss.ts'
import { type FeedParts, torrentPage } from './sources.ts'
import { element, writeXml } from './xml.ts'

const maxLimit = 100
/** Pages are found by cursor, tools ask by offset: further than this nobody pages by hand. */
const maxOffset = 1_000

/** Answers `t=caps` and `t=search`; anything else is Torznab's error 202. API keys are not needed and passed over. */
export function torznab(parts: FeedParts): RequestHandler {
  return (req, res, next) => {
    const query = queryOf(req)
    const action = query.get('t') ?? ''
    if (action === 'caps') {
      res.type('application/xml').send(capabilities(parts))
    } else if (action === 'search') {
      search(parts, query)
        .then((body) => res.type('application/rss+xml').send(body))
        .catch(next)
    } else {
      const description =
        action === '' ? 'Missing parameter (t)' : `No such function (${action.slice(0, 100)})`
      res
        .type('application/xml')
        .send(writeXml(element('error', { code: action === '' ? 200 : 202, description })))
    }
  }
}

async function search(parts: FeedParts, query: URLSearchParams): Promise<string> {
  const limit = clamp(query.get('limit'), { least: 1, most: maxLimit, otherwise: 50 })
  const offset = clamp(query.get('offset'), { least: 0, most: maxOffset, otherwise: 0 })
  const wanted = query.get('cat')?.split(',') ?? []
  const categoryFits =
    wanted.length === 0 || wanted[0] === '' || wanted.some((category) => /^80\d\d$/.test(category))
  const items = categoryFits ? await itemsFrom(parts, { q: query.get('q') ?? '', limit, offset }) : []
  const publicUrl = parts.publicUrl()
  const feed = {
    title: parts.name,
    description: `Torrents of ${parts.name}`,
    pageUrl: `${publicUrl}/`,
    feedUrl: `${publicUrl}/torznab/api`,
    items,
  }
  return writeRss(feed, { asTorznab: true })
}

async function itemsFrom(
  parts: FeedParts,
  page: { q: string; limit: number; offset: number },
): Promise<FeedItem[]> {
  const found: FeedItem[] = []
  let cursor: string | undefined
  do {
    const query = new URLSearchParams({ metainfoStatus: 'verified', limit: String(maxLimit) })
    if (page.q !== '') query.set('q', page.q)
    if (cursor !== undefined) query.set('cursor', cursor)
    const answer = await torrentPage(parts, query)
    found.push(...answer.items)
    cursor = answer.cursor
  } while (cursor !== undefined && found.length < page.offset + page.limit)
  return found.slice(page.offset, page.offset + page.limit)
}

function capabilities(parts: FeedParts): string {
  const unavailable = { available: 'no', supportedParams: 'q' }
  return writeXml(
    element(
      'caps',
      {},
      element('server', { title: parts.name, url: parts.publicUrl() }),
      element('limits', { default: 50, max: maxLimit }),
      element(
        'searching',
        {},
        element('search', { available: 'yes', supportedParams: 'q' }),
        element('tv-search', unavailable),
        element('movie-search', unavailable),
        element('music-search', unavailable),
        element('book-search', unavailable),
      ),
      element('categories', {}, element('category', { id: otherCategory, name: 'Other' })),
    ),
  )
}

function clamp(text: string | null, range: { least: number; most: number; otherwise: number }): number {
  const number = Number.parseInt(text ?? '', 10)
  return Number.isNaN(number) ? range.otherwise : Math.min(Math.max(number, range.least), range.most)
}
