/** The pages for people: HTML that is made on the server and works without scripts. */
import express, { type Router } from 'express'
import { datasetPageReader } from '../catalog/views/pages/page-datasets.ts'
import { gatheringReader } from '../catalog/views/pages/page-gathering.ts'
import { needsReader } from '../catalog/views/pages/page-needs.ts'
import type { SearchMemory } from '../search/memory/search-memory.ts'
import type { Db } from '../store/sql.ts'
import { accountPage } from './routes/account.ts'
import {
  type AccountParts,
  clientMetadata,
  connectOf,
  myRecordsPage,
  publishPage,
  resolveHandle,
  signedInPage,
  webseedPage,
} from './routes/account-pages.ts'
import { apiMethodPage, apiPage, tryMethod } from './routes/api.ts'
import { badge, datasetSeeders, torrentSeeders } from './routes/badge.ts'
import { datasetPage } from './routes/dataset.ts'
import { type DescriptionParts, descriptionPage } from './routes/description.ts'
import { keywordPage, publisherPage } from './routes/grouped.ts'
import { type HomeParts, home } from './routes/home.ts'
import { needsPage } from './routes/needs.ts'
import { oEmbed } from './routes/oembed.ts'
import { accountPicture } from './routes/picture.ts'
import { openSearch, robots, suggestions } from './routes/plain-files.ts'
import { magnetQr } from './routes/qr.ts'
import { recordPage } from './routes/record.ts'
import { assessmentPage, profilePage, torrentRecordPage } from './routes/record-forms.ts'
import { search } from './routes/search.ts'
import { type IngestStatus, statusPage } from './routes/status.ts'
import { aboutPage, type Describe, feedsPage, helpPage, policyPage } from './routes/texts.ts'
import { torrentFile, torrentPage } from './routes/torrent.ts'
import { type MakePage, type Site, serveErrors, serveNotFound, servePage } from './serve-page.ts'
import { loadAssets } from './server/assets.ts'
import type { ReadBlob } from './server/blobs.ts'

export interface PagesParts extends AccountParts {
  db: Db
  memory: SearchMemory | undefined
  totals: HomeParts['totals']
  describe: Describe
  ingest: IngestStatus
  /** Resolves a handle by DNS or HTTPS; `busy` when too many were looked up for this address. */
  resolveHandle: (handle: string, address: string) => Promise<string | undefined>
  readDescription: DescriptionParts['readDescription']
  /** Reads the picture of a profile. */
  readPicture: ReadBlob
  /** Known only once the port is. */
  publicUrl: () => string
  /** The `stun:` URLs for browsers that join swarms. */
  stunServers: readonly string[]
  /** The name that the operator gives this server. */
  name?: string | undefined
  /** Renders Markdown from strangers. */
  prose: Site['prose']
  log: Site['log']
}

/** Serves the pages, their assets, badges, QR codes and oEmbed; passes on all other requests. */
export function pagesRouter(parts: PagesParts): Router {
  const { db, memory, trackers, stunServers } = parts
  const site: Site = {
    assets: loadAssets(new URL('./assets/', import.meta.url)),
    publicUrl: parts.publicUrl,
    name: parts.name ?? 'Holdfast',
    prose: parts.prose,
    log: parts.log,
  }
  const router = express.Router({ caseSensitive: true, strict: true })
  const page = (path: string, make: MakePage) => router.get(path, servePage(site, make))
  const needs = needsReader(db)
  const read = datasetPageReader(db, { trackers })
  const dataset = datasetPage({ db, read, readGathering: gatheringReader(db) })

  page('/', home({ db, needs, totals: parts.totals }))
  page('/search', search(db, memory))
  page('/dataset/:authority/:rkey', dataset)
  page('/dataset/:authority/:collection/:rkey', dataset)
  page('/description', descriptionPage({ read, readDescription: parts.readDescription }))
  const peersScript = site.assets.url('peers.min.js')
  page(`/torrent/${infoHash}`, torrentPage({ db, trackers, stunServers, peersScript }))
  page('/account/:account', accountPage(db))
  page('/keyword/:name', keywordPage(db, memory))
  page('/publisher/:name', publisherPage(db, memory))
  page('/needs', needsPage({ db, needs }))
  page('/record', recordPage(db))
  page('/status', statusPage({ db, ingest: parts.ingest }))
  page('/about', aboutPage)
  page('/help', helpPage)
  page('/policy', policyPage(parts.describe))
  page('/feeds', feedsPage)
  page('/api', apiPage)
  page('/api/:method', apiMethodPage)

  const account = (path: string, make: MakePage) =>
    router.get(path, servePage(site, make, { connect: connectOf(parts) }))
  account('/publish', publishPage(parts))
  account('/publish/webseed', webseedPage(parts))
  account('/publish/profile', profilePage(parts))
  account('/publish/assessment', assessmentPage(parts, db))
  account('/publish/torrent', torrentRecordPage(parts))
  account('/my', myRecordsPage(parts))
  account('/signed-in', signedInPage(parts))
  router.get('/client-metadata.json', clientMetadata(parts, site))
  router.get('/resolve-handle', resolveHandle(parts.resolveHandle))

  router.get('/api/:method/try', tryMethod)
  router.get('/account/:account/picture', accountPicture(db, parts.readPicture))
  router.get(`/torrent/${infoHash}.torrent`, torrentFile({ db, trackers }))
  router.get(`/torrent/${infoHash}/qr.svg`, magnetQr(db, trackers))
  router.get(`/badge/torrent/${infoHash}.svg`, badge(torrentSeeders(db)))
  router.get('/badge/dataset/:authority/:rkey.svg', badge(datasetSeeders(db)))
  router.get('/badge/dataset/:authority/:collection/:rkey.svg', badge(datasetSeeders(db)))
  router.get('/oembed', oEmbed(db, site))
  router.get('/typeahead', suggestions(db, memory))
  router.get('/opensearch.xml', openSearch(site))
  router.get('/robots.txt', robots(site))
  router.get('/assets/:file', site.assets.serve)

  router.get(/^\/(?!xrpc\/|\.well-known\/)/, serveNotFound)
  router.use(serveErrors(site))
  return router
}

/** The route parameter for an infohash: v1 or truncated v2 in 40 hex digits, or v2 in 64. */
const infoHash = ':infoHash([0-9a-fA-F]{40}|[0-9a-fA-F]{64})'
