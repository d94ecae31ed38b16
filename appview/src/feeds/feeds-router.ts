/** The index for feed readers, BitTorrent clients' RSS readers and Torznab tools. */
import { collections } from '@holdfast/lexicons/nsid'
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { SearchError } from '../catalog/search/search-error.ts'
import { datasetPath } from '../page-paths.ts'
import { writeAtom } from './atom.ts'
import type { Feed, FeedItem } from './feed.ts'
import { writeJsonFeed } from './json-feed.ts'
import { writeOpml } from './opml.ts'
import { queryOf } from './request-query.ts'
import { writeRss } from './rss.ts'
import { datasetItems, type FeedParts, lostItems, torrentItems } from './sources.ts'
import { torznab } from './torznab.ts'

const writers = {
  rss: { write: writeRss, type: 'application/rss+xml' },
  atom: { write: writeAtom, type: 'application/atom+xml' },
  json: { write: writeJsonFeed, type: 'application/feed+json' },
} as const

const format = ':format(rss|atom|json)'

/** A filter that stands in a feed's path: `/feeds/risk/endangered.rss`. */
const filters: Readonly<Record<string, string>> = {
  keyword: 'keyword',
  publisher: 'publisher',
  account: 'author',
  risk: 'risk',
  scarcity: 'scarcity',
}

/**
 * Serves `/feeds/datasets.FORMAT`, `/feeds/torrents.FORMAT`, `/feeds/needs.FORMAT`, `/feeds/lost.FORMAT`, `/feeds/FILTER/VALUE.FORMAT` (rss, atom
 * or json; any parameter of the search may follow), `/feeds.opml` and `/torznab/api`; passes on what is none of these.
 */
export function feedsRouter(parts: FeedParts): Router {
  const router = express.Router()
  const feed = (path: string, describe: (req: Request) => Promise<Described>) =>
    router.get(path, (req, res, next) => {
      describe(req)
        .then((described) => send(parts, { req, res, described }))
        .catch(next)
    })

  feed(`/feeds/datasets.${format}`, async (req) => {
    const query = queryOf(req)
    const title = query.get('q') ? `Datasets: ${query.get('q')}` : 'Datasets'
    return { title, page: `/search?${query}`, items: await datasetItems(parts, query) }
  })
  feed(`/feeds/torrents.${format}`, async (req) => ({
    title: 'Torrents',
    page: '/',
    items: await torrentItems(parts, queryOf(req)),
  }))
  feed(`/feeds/needs.${format}`, async (req) => {
    const query = queryWith(req, { sort: 'fewest-seeders', maxSeeders: '2', metainfoStatus: 'verified' })
    return { title: 'Torrents that need seeders', page: '/needs', items: await torrentItems(parts, query) }
  })
  feed(`/feeds/lost.${format}`, async () => ({
    title: 'Datasets whose source is lost',
    page: '/needs',
    items: await lostItems(parts),
  }))
  const torrentsOf = async (req: Request) => {
    const { did = '', collection = collections.dataset, rkey = '' } = req.params as Record<string, string>
    const dataset = `at://${did}/${collection}/${rkey}`
    const items = await torrentItems(parts, queryWith(req, { dataset }))
    return { title: 'Torrents of a dataset', page: datasetPath(dataset), items }
  }
  feed(`/feeds/dataset/:did/:rkey.${format}`, torrentsOf)
  feed(`/feeds/dataset/:did/:collection/:rkey.${format}`, torrentsOf)
  feed(`/feeds/:filter(${Object.keys(filters).join('|')})/:value.${format}`, async (req) => {
    const { filter = '', value = '' } = req.params as { filter?: string; value?: string }
    const query = queryWith(req, { [filters[filter]!]: value })
    return {
      title: `Datasets, ${filter} ${value}`,
      page: `/search?${query}`,
      items: await datasetItems(parts, query),
    }
  })
  router.get('/feeds.opml', (_req, res) => {
    res.type('text/x-opml').send(writeOpml(parts.name, parts.publicUrl()))
  })
  router.get('/torznab/api', torznab(parts))
  router.use(badRequest)
  return router
}

interface Described {
  title: string
  page: string
  items: readonly FeedItem[]
}

function send(
  parts: FeedParts,
  { req, res, described }: { req: Request; res: Response; described: Described },
): void {
  const publicUrl = parts.publicUrl()
  const { title, page, items } = described
  const feed: Feed = {
    title: `${title} · ${parts.name}`,
    description: `${title}, from the index ${publicUrl}`,
    pageUrl: `${publicUrl}${page}`,
    feedUrl: `${publicUrl}${req.originalUrl}`,
    items,
  }
  const { write, type } = writers[req.params.format as keyof typeof writers]
  res.set('Cache-Control', 'public, max-age=60')
  // Express answers If-None-Match by the ETag of the body. No date would do: a record that comes late is older than others.
  res.type(type).send(write(feed))
}

/** The request's parameters, with some that the feed fixes. */
function queryWith(req: Request, fixed: Readonly<Record<string, string>>): URLSearchParams {
  const query = queryOf(req)
  for (const [name, value] of Object.entries(fixed)) query.set(name, value)
  return query
}

/** What the search refuses is the reader's mistake, said in one line. */
const badRequest: ErrorRequestHandler = (error: Error, _req, res, next) => {
  const isCallers = error instanceof SearchError || error.name === 'LexValidationError' || 'issues' in error
  if (!isCallers || res.headersSent) return next(error)
  res.status(400).type('text/plain').send(`${error.message}\n`)
}
