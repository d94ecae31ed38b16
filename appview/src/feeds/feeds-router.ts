/** Routes for feed readers, the RSS readers of BitTorrent clients, and Torznab tools. */
import { collections } from '@holdfast/lexicons/nsid'
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { datasetPath } from '../http/page-paths.ts'
import { hereOf, queryOf } from '../http/request-target.ts'
import { SearchError } from '../search/query/search-error.ts'
import type { Feed, FeedItem } from './feed.ts'
import { writeOpml } from './opml.ts'
import { datasetItems, type FeedParts, lostItems, torrentItems } from './sources.ts'
import { torznab } from './torznab.ts'

const types = {
  rss: 'application/rss+xml',
  atom: 'application/atom+xml',
  json: 'application/feed+json',
} as const

const format = ':format(rss|atom|json)'

/** Filters that may be part of a feed's path, such as `/feeds/risk/endangered.rss`. */
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
    const query = queryWith(req, { sort: 'fewest-seeders', needsSeeders: 'true' })
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

async function send(
  parts: FeedParts,
  { req, res, described }: { req: Request; res: Response; described: Described },
): Promise<void> {
  const publicUrl = parts.publicUrl()
  const { title, page, items } = described
  const feed: Feed = {
    title: `${title} · ${parts.name}`,
    description: `${title}, from the index ${publicUrl}`,
    pageUrl: `${publicUrl}${page}`,
    feedUrl: `${publicUrl}${hereOf(req)}`,
    items,
  }
  const form = req.params.format as keyof typeof types
  const document = await parts.documents.write({ kind: 'feed', form, feed })
  res.set('Cache-Control', 'public, max-age=60')
  // Express answers If-None-Match by the ETag of the body. Last-Modified would not do, since a record may arrive late.
  res.type(`${types[form]}; charset=utf-8`).send(document)
}

/** The request's parameters, with those that the feed prescribes. */
function queryWith(req: Request, fixed: Readonly<Record<string, string>>): URLSearchParams {
  const query = queryOf(req)
  for (const [name, value] of Object.entries(fixed)) query.set(name, value)
  return query
}

/** Answers an error of the search, which is the client's mistake, with one line of text. */
const badRequest: ErrorRequestHandler = (error: Error, _req, res, next) => {
  const isCallers = error instanceof SearchError || error.name === 'LexValidationError' || 'issues' in error
  if (!isCallers || res.headersSent) return next(error)
  res.status(400).type('text/plain').send(`${error.message}\n`)
}
