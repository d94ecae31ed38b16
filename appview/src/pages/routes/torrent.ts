import type { defs } from '@holdfast/lexicons'
import type { RequestHandler } from 'express'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { type DirectoryEntry, readDirectory } from '../../catalog/views/pages/page-directory.ts'
import { findContent, readTorrentUrisByInfoHash } from '../../catalog/views/torrents/contents.ts'
import { readMetainfoFile } from '../../catalog/views/torrents/metainfo-file.ts'
import { readTorrentViews } from '../../catalog/views/torrents/torrent-views.ts'
import { datasetPath, torrentPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import type { Db } from '../../store/sql.ts'
import { type Html, html } from '../html.ts'
import { shortTitle } from '../parts/dataset-card.ts'
import type { Page } from '../parts/layout.ts'
import {
  browserSeeds,
  browserTrackers,
  downloadSection,
  originsOf,
  type Sources,
} from '../parts/torrent/torrent-download.ts'
import {
  contentFacts,
  describersSection,
  swarmSection,
  trackerSection,
  webseedSection,
} from '../parts/torrent/torrent-facts.ts'
import { type DirectoryView, fileSection } from '../parts/torrent/torrent-files.ts'
import type { MakePage } from '../serve-page.ts'
import { PageError } from '../server/page-error.ts'
import type { View } from '../view.ts'

export interface TorrentPageParts {
  db: Db
  /** The announce URLs in magnet links and `.torrent` files. */
  trackers: readonly string[]
}

export interface TorrentDocumentParts extends TorrentPageParts {
  stunServers: readonly string[]
  /** The URL of the script that joins swarms. */
  peersScript: string
}

const filesAPage = 200

/** The page of a content, by any form of its infohash, with every record that names it. */
export function torrentPage({ db, trackers, ...browser }: TorrentDocumentParts): MakePage {
  return async (view, req) => {
    const infoHash = (req.params.infoHash ?? '').toLowerCase()
    const torrents = await readTorrents(db, infoHash, trackers)
    const [main] = torrents
    if (!main) throw new PageError(404, 'torrent')
    const query = queryOf(req)
    const path = directoryOf(query.get('in') ?? '')
    const page = Math.max(0, Math.min(10_000, Number.parseInt(query.get('page') ?? '0', 10) || 0))
    const content = await findContent(db, { infoHash })
    const [directory, datasets] = await Promise.all([
      'found' in content
        ? readDirectory(db, content.found.contentId, { path, limit: filesAPage, offset: page * filesAPage })
        : { entries: [] as DirectoryEntry[], total: 0 },
      readDatasetViews(db, datasetUris(torrents), { detail: 'card' }),
    ])
    const indexed = 'found' in content ? content.found.filesIndexed : 0
    return torrentDocument(view, {
      main,
      torrents,
      datasets,
      sources: { seeds: browserSeeds(main), trackers: browserTrackers(main, trackers), ...browser },
      files: { ...directory, path, page, perPage: filesAPage, indexed },
    })
  }
}

/** Serves the `.torrent`, with the operator's trackers and the webseeds that were checked. */
export function torrentFile({ db, trackers }: TorrentPageParts): RequestHandler {
  return async (req, res, next) => {
    try {
      const lookup = await findContent(db, { infoHash: (req.params.infoHash ?? '').toLowerCase() })
      const options = { original: req.query.original !== undefined, thirdPartyWebseeds: true, trackers }
      const file = 'found' in lookup ? await readMetainfoFile(db, lookup.found, options) : undefined
      if (!file) throw new PageError(404, 'torrent')
      res.setHeader('Content-Type', 'application/x-bittorrent')
      res.setHeader('X-Content-Type-Options', 'nosniff')
      res.setHeader('Cache-Control', 'public, no-cache')
      res.setHeader('ETag', file.etag)
      res.setHeader('Content-Disposition', attachment(`${file.name}.torrent`))
      const { buffer, byteOffset, length } = file.bytes
      res.send(Buffer.from(buffer, byteOffset, length))
    } catch (error) {
      next(error)
    }
  }
}

/** The Content-Disposition header by RFC 6266: the name in UTF-8, and an ASCII fallback. */
function attachment(name: string): string {
  const plain = name.replaceAll(/[^\w .()+-]/g, '_').slice(-150)
  const encoded = encodeURIComponent(name.toWellFormed().slice(-150).toWellFormed()).replaceAll(
    /['()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16)}`,
  )
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`
}

/** Reads every record that names the content, verified ones first. */
export async function readTorrents(
  db: Db,
  infoHash: string,
  trackers: readonly string[],
): Promise<defs.TorrentView[]> {
  const uris = await readTorrentUrisByInfoHash(db, infoHash, 50)
  const torrents = await readTorrentViews(db, uris, { detail: 'page', trackers })
  return torrents.sort(
    (a, b) => Number(b.metainfoStatus === 'verified') - Number(a.metainfoStatus === 'verified'),
  )
}

function directoryOf(asked: string): string {
  const path = asked.toWellFormed().replaceAll('\0', '').slice(0, 4_000)
  return path === '' || path.endsWith('/') ? path : `${path}/`
}

function datasetUris(torrents: readonly defs.TorrentView[]): string[] {
  return [
    ...new Set(torrents.flatMap(({ datasets }) => (datasets ?? []).map(({ uri }) => uri as string))),
  ].slice(0, 50)
}

interface TorrentDocument {
  main: defs.TorrentView
  torrents: readonly defs.TorrentView[]
  datasets: readonly defs.DatasetView[]
  sources: Sources
  files: DirectoryView
}

function torrentDocument(view: View, parts: TorrentDocument): Page {
  const { main, torrents, datasets, sources, files } = parts
  const { t } = view
  const path = torrentPath(main)
  const name = shortTitle(main.name ?? '')
  const url = view.publicUrl + path
  const reached = originsOf([...sources.seeds, ...sources.trackers])
  return {
    title: name,
    description: t.torrent.description(
      name,
      main.sizeBytes === undefined ? '' : view.format.size(main.sizeBytes),
    ),
    canonical: path,
    head: html`<link rel="alternate" type="application/json+oembed" href="${`/oembed?${new URLSearchParams({ url })}`}" title="oEmbed">`,
    ...(reached.length > 0 && { scripts: ['download.min.js'], connect: reached.join(' ') }),
    main: html`<article>
<header class="title"><p class="kind">${t.torrent.torrent}</p><h1 dir="auto">${name}</h1></header>
${contentFacts(view, main)}
${downloadSection(view, main, sources)}
${datasetList(view, datasets)}
${swarmSection(view, main)}
${fileSection(view, main, files)}
${webseedSection(view, main)}
${trackerSection(view, main)}
${describersSection(view, torrents)}
</article>`,
  }
}

function datasetList(view: View, datasets: readonly defs.DatasetView[]): Html {
  const { t } = view
  if (datasets.length === 0) return html`<p class="empty">${t.torrent.noDataset}</p>`
  return html`<section aria-labelledby="holds"><h2 id="holds">${t.torrent.holdsDatasets}</h2><ul>${datasets.map(({ uri, record }) => html`<li dir="auto"><a href="${view.href(datasetPath(uri))}">${shortTitle((record as { title: string }).title)}</a></li>`)}</ul></section>`
}
