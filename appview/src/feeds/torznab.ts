/** Torznab (Newznab's API for torrents), by which tools such as Prowlarr and qBittorrent search the index. */
import type { RequestHandler } from 'express'
import { queryOf } from '../http/request-target.ts'
import type { FeedItem } from './feed.ts'
import { otherCategory } from './rss.ts'
import { type FeedParts, torrentPage } from './sources.ts'
import { element, writeXml } from './xml.ts'

const maxLimit = 100
/** The largest offset. Tools page by offset, but the search by cursor, so all pages before an offset must be read. */
const maxOffset = 1_000

/**
 * Answers `t=caps` and `t=search`, any other function with Torznab's error 202, and a malformed number with error 201.
 * Names of parameters may be in any case. API keys are not needed and are ignored.
 */
export function torznab(parts: FeedParts): RequestHandler {
  return (req, res, next) => {
    const query = new URLSearchParams()
    for (const [name, value] of queryOf(req)) query.append(name.toLowerCase(), value)
    const action = query.get('t')?.toLowerCase() ?? ''
    const fail = (code: number, description: string) =>
      res.type('application/xml').send(writeXml(element('error', { code, description })))
    if (action === 'caps') {
      res.type('application/xml').send(capabilities(parts))
    } else if (action === 'search') {
      const wrong = ['limit', 'offset'].find((name) => !/^\d{0,15}$/.test(query.get(name) ?? ''))
      if (wrong !== undefined) return fail(201, `Incorrect parameter (${wrong})`)
      search(parts, query)
        .then((body) => res.type('application/rss+xml; charset=utf-8').send(body))
        .catch(next)
    } else {
      if (action === '') return fail(200, 'Missing parameter (t)')
      fail(202, `No such function (${action.slice(0, 100)})`)
    }
  }
}

async function search(parts: FeedParts, query: URLSearchParams): Promise<Buffer> {
  const limit = Math.min(Math.max(Number(query.get('limit') || 50), 1), maxLimit)
  const offset = Number(query.get('offset') || 0)
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
  return parts.documents.write({ kind: 'feed', form: 'torznab', feed })
}

async function itemsFrom(
  parts: FeedParts,
  page: { q: string; limit: number; offset: number },
): Promise<FeedItem[]> {
  if (page.offset > maxOffset) return []
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
