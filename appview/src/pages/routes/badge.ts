import type { RequestHandler } from 'express'
import { readDatasetViews } from '../../catalog/views/datasets/dataset-views.ts'
import { datasetUri } from '../../http/page-paths.ts'
import type { Db } from '../../store/sql.ts'
import { html } from '../html.ts'
import { chooseLanguage, type LanguageChoice } from '../i18n/language.ts'
import { datasetRecord } from '../parts/record.ts'
import { PageError } from '../server/page-error.ts'
import { secureImage } from '../server/security.ts'
import { readTorrents } from './torrent.ts'

export interface SeederCount {
  title: string
  seeders: number | undefined
}

/** Serves a small picture that other sites show beside their download button: "held by 14 people". */
export function badge(
  read: (params: Record<string, string>) => Promise<SeederCount | undefined>,
): RequestHandler {
  return async (req, res, next) => {
    try {
      const counted = await read(req.params as Record<string, string>)
      if (!counted) throw new PageError(404, 'dataset')
      secureImage(res)
      res.setHeader('Content-Type', 'image/svg+xml; charset=utf-8')
      res.setHeader('Cache-Control', 'public, max-age=300')
      res.setHeader('Vary', 'Accept-Language')
      res.send(badgeSvg(counted, chooseLanguage(req.query.lang, req.headers['accept-language'])))
    } catch (error) {
      next(error)
    }
  }
}

export async function countDatasetSeeders(db: Db, uri: string): Promise<SeederCount | undefined> {
  const [dataset] = await readDatasetViews(db, [uri], { detail: 'card' })
  return dataset && { title: datasetRecord(dataset).title, seeders: dataset.swarm?.seeders }
}

export async function countTorrentSeeders(db: Db, infoHash: string): Promise<SeederCount | undefined> {
  const [torrent] = await readTorrents(db, infoHash.toLowerCase(), [])
  return torrent && { title: torrent.name ?? '', seeders: torrent.swarm?.seeders }
}

export function datasetSeeders(db: Db) {
  return ({ authority = '', collection, rkey = '' }: Record<string, string>) =>
    countDatasetSeeders(db, datasetUri(authority, rkey, collection))
}

export function torrentSeeders(db: Db) {
  return ({ infoHash = '' }: Record<string, string>) => countTorrentSeeders(db, infoHash)
}

const label = 'holdfast'

/** Background colors with a contrast to white text above 4.5. */
function colorOf(seeders: number | undefined): string {
  if (seeders === undefined) return '#5c6670'
  if (seeders === 0) return '#a62b2b'
  return seeders < 3 ? '#8f5500' : '#1c6e4c'
}

export function badgeSvg({ seeders }: SeederCount, { t, language }: LanguageChoice): string {
  const text = seeders === undefined ? t.swarm.unknown : t.swarm.heldBy(seeders)
  const [labelWidth, textWidth] = [widthOf(label), widthOf(text)]
  const width = labelWidth + textWidth
  return html`<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="20" viewBox="0 0 ${width} 20" role="img" aria-label="${`${label}: ${text}`}" xml:lang="${language}">
<title>${`${label}: ${text}`}</title>
<clipPath id="r"><rect width="${width}" height="20" rx="3"/></clipPath>
<g clip-path="url(#r)"><rect width="${labelWidth}" height="20" fill="#333b40"/><rect x="${labelWidth}" width="${textWidth}" height="20" fill="${colorOf(seeders)}"/></g>
<g fill="#fff" font-family="Verdana,DejaVu Sans,sans-serif" font-size="11" text-anchor="middle"><text x="${labelWidth / 2}" y="14">${label}</text><text x="${labelWidth + textWidth / 2}" y="14">${text}</text></g>
</svg>
`.text
}

/** The approximate width of a text in Verdana at 11 pixels, with a margin. */
function widthOf(text: string): number {
  return Math.round(text.length * 6.6 + 12)
}
