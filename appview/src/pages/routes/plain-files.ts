import type { RequestHandler } from 'express'
import { accountPath, datasetPath, keywordPath, publisherPath, searchPath } from '../../http/page-paths.ts'
import type { SearchMemory } from '../../search/memory/search-memory.ts'
import { suggest } from '../../search/suggest.ts'
import { type Db, storable } from '../../store/sql.ts'
import { html } from '../html.ts'
import { chooseLanguage } from '../i18n/language.ts'
import { wordFor } from '../i18n/word-for.ts'

/** Serves the description by which browsers search here from their address bar (OpenSearch 1.1). */
export function openSearch(site: { publicUrl(): string; name: string }): RequestHandler {
  return (_req, res) => {
    res.setHeader('Content-Type', 'application/opensearchdescription+xml; charset=utf-8')
    res.setHeader('Cache-Control', 'public, max-age=86400')
    res.send(
      html`<?xml version="1.0" encoding="UTF-8"?>
<OpenSearchDescription xmlns="http://a9.com/-/spec/opensearch/1.1/"><ShortName>${site.name.slice(0, 16)}</ShortName><Description>${site.name}</Description><InputEncoding>UTF-8</InputEncoding><Url type="text/html" method="get" template="${`${site.publicUrl()}/search?q={searchTerms}`}"/></OpenSearchDescription>
`.text,
    )
  }
}

/** Serves `robots.txt`. Crawlers should find pages of datasets and torrents, but not searches and listings, which are endless. */
export function robots(site: { publicUrl(): string }): RequestHandler {
  return (_req, res) => {
    res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    res.setHeader('Cache-Control', 'public, max-age=86400')
    const closed = ['/search', '/typeahead', '/record', '/xrpc/', '/oai', '/*?cursor=']
    res.send(
      [
        'User-agent: *',
        ...closed.map((path) => `Disallow: ${path}`),
        'Allow: /',
        '',
        `Sitemap: ${site.publicUrl()}/sitemap.xml`,
        '',
      ].join('\n'),
    )
  }
}

/** Serves completions for the search box, each with the page that it leads to. */
export function suggestions(db: Db, memory?: SearchMemory): RequestHandler {
  return async (req, res, next) => {
    try {
      const q = typeof req.query.q === 'string' ? storable(req.query.q).trim().slice(0, 200) : ''
      const { suggestions: found } = await suggest(db, q, 8, memory)
      const { t } = chooseLanguage(req.query.lang, req.headers['accept-language'])
      // Do not cache an empty answer, because the completions may only have come too late.
      res.setHeader('Cache-Control', found.length === 0 ? 'no-store' : 'public, max-age=30')
      res.setHeader('Vary', 'Accept-Language')
      res.json(
        found.map(({ text, kind, uri, did, count }) => ({
          text: text.slice(0, 300),
          kind: wordFor(t.suggestions, kind),
          count,
          href: target({ text, kind, uri, did }),
        })),
      )
    } catch (error) {
      next(error)
    }
  }
}

function target({
  text,
  kind,
  uri,
  did,
}: {
  text: string
  kind: string
  uri?: string | undefined
  did?: string | undefined
}): string {
  if (kind === 'dataset' && uri) return datasetPath(uri)
  if (kind === 'keyword') return keywordPath(text)
  if (kind === 'publisher') return publisherPath(text)
  if (kind === 'author' && did) return accountPath({ did })
  return searchPath({ q: kind === 'person' ? `people:"${text.replaceAll('"', '')}"` : text })
}
