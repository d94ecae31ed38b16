/** Sitemaps for search engines (sitemaps.org, protocol 0.9): an index of parts that list every page. */
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import {
  readContentBlock,
  readContentBlocks,
  readDatasetBlock,
  readDatasetBlocks,
} from '../../catalog/views/pages/sitemap-reads.ts'
import { datasetPath } from '../../http/page-paths.ts'
import type { Db } from '../../store/sql.ts'
import { type Element, element, text, writeXml } from '../xml.ts'

const namespace = { xmlns: 'http://www.sitemaps.org/schemas/sitemap/0.9' }
const pages = ['/', '/needs', '/publish', '/help', '/about', '/feeds', '/api', '/status', '/policy']

export interface SitemapParts {
  db: Db
  publicUrl: () => string
}

/** Serves `/sitemap.xml` and `/sitemaps/…`; passes on other requests, and those for empty parts. */
export function sitemapRouter({ db, publicUrl }: SitemapParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const get = (path: string, make: (req: Request) => Promise<Element | undefined>) => {
    const handler: RequestHandler = (req, res, next) => {
      make(req)
        .then((root) => (root ? send(res, root) : next()))
        .catch(next)
    }
    router.get(path, handler)
  }
  const address = (path: string) => `${publicUrl()}${path}`

  get('/sitemap.xml', async () => {
    const [datasets, torrents] = await Promise.all([readDatasetBlocks(db), readContentBlocks(db)])
    const parts = [
      '/sitemaps/pages.xml',
      ...datasets.map((block) => `/sitemaps/datasets-${block}.xml`),
      ...torrents.map((block) => `/sitemaps/torrents-${block}.xml`),
    ]
    const listed = parts.map((path) => element('sitemap', {}, text('loc', address(path))))
    return element('sitemapindex', namespace, ...listed)
  })
  get('/sitemaps/pages.xml', async () => urlSet(pages.map((path) => ({ loc: address(path) }))))
  get(`/sitemaps/datasets-${number}.xml`, async (req) => {
    const found = await readDatasetBlock(db, Number(req.params.block))
    return urlSet(found.map(({ uri, changedAt }) => ({ loc: address(datasetPath(uri)), lastmod: changedAt })))
  })
  get(`/sitemaps/torrents-${number}.xml`, async (req) => {
    const found = await readContentBlock(db, Number(req.params.block))
    return urlSet(found.map((infoHash) => ({ loc: address(`/torrent/${infoHash}`) })))
  })
  return router
}

const number = ':block(\\d{1,9})'

/** Makes a set of URLs; undefined without any, because a set must not be empty. */
function urlSet(urls: readonly { loc: string; lastmod?: string }[]): Element | undefined {
  if (urls.length === 0) return undefined
  const listed = urls.map(({ loc, lastmod }) =>
    element('url', {}, text('loc', loc), text('lastmod', lastmod)),
  )
  return element('urlset', namespace, ...listed)
}

function send(res: Response, root: Element): void {
  res.setHeader('Cache-Control', 'public, max-age=60')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.type('application/xml').send(writeXml(root))
}
