import type { RequestHandler } from 'express'
import { suggest } from '../../catalog/search/query/suggest.ts'
import { type Db, storable } from '../../catalog/sql.ts'
import { accountPath, datasetPath, keywordPath, publisherPath, searchPath } from '../../page-paths.ts'
import { html } from '../html.ts'
import { chooseLanguage } from '../i18n/language.ts'
import { wordFor } from '../i18n/word-for.ts'

/** Lets browsers search here from their address bar (OpenSearch 1.1). */
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

/** Searches and listings by cursor are endless for a crawler; pages of datasets and torrents are what it should find. */
export function robots(site: { publicUrl(): string }): RequestHandler {
  return (_req, res) => {
    res.setHeader('Content-Type', 'text/plain; charset=utf-8')
    res.setHeader('Cache-Control', 'public, max-age=86400')
    const closed = ['/search', '/suggest', '/record', '/xrpc/', '/oai', '/*?cursor=']
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

/** Completions for the search box, each with the page it leads to. */
export function suggestions(db: Db): RequestHandler {
  return async (req, res, next) => {
    try {
      const q = typeof req.query.q === 'string' ? storable(req.query.q).trim().slice(0, 200) : ''
      const found = q === '' ? [] : await suggest(db, q, 8)
      const { t } = chooseLanguage(req.query.lang, req.headers['accept-language'])
      res.setHeader('Cache-Control', 'public, max-age=30')
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
