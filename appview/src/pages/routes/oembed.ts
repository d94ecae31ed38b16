import type { RequestHandler } from 'express'
import { datasetUri } from '../../http/page-paths.ts'
import type { Db } from '../../store/sql.ts'
import { html } from '../html.ts'
import { chooseLanguage } from '../i18n/language.ts'
import { countDatasetSeeders, countTorrentSeeders, type SeederCount } from './badge.ts'

/** Serves oEmbed, by which other sites embed a dataset or torrent (oembed.com, version 1.0). */
export function oEmbed(db: Db, site: { publicUrl(): string; name: string }): RequestHandler {
  return async (req, res, next) => {
    try {
      const { url, format = 'json' } = req.query
      if (format !== 'json')
        return res.status(501).json({ error: 'NotImplemented', message: 'Only format=json is served.' })
      const target = typeof url === 'string' ? targetOf(url, site.publicUrl()) : undefined
      const counted = target && (await countSeeders(db, target))
      if (!counted)
        return res.status(404).json({
          error: 'NotFound',
          message: 'url must be that of a dataset or torrent page of this server.',
        })
      const { t } = chooseLanguage(req.query.lang, req.headers['accept-language'])
      const text = counted.seeders === undefined ? t.swarm.unknown : t.swarm.heldBy(counted.seeders)
      const page = site.publicUrl() + target.path
      const badge = `${site.publicUrl()}/badge${target.path}.svg`
      const [width, height] = fitted([200, 20], [req.query.maxwidth, req.query.maxheight])
      res.setHeader('Cache-Control', 'public, max-age=300')
      res.json({
        version: '1.0',
        type: 'rich',
        title: counted.title.slice(0, 300).toWellFormed(),
        provider_name: site.name,
        provider_url: site.publicUrl(),
        cache_age: 300,
        width,
        height,
        html: html`<a href="${page}"><img src="${badge}" height="${height}" alt="${text}"></a>`.text,
      })
    } catch (error) {
      next(error)
    }
  }
}

/** Scales a size down in proportion, to fit `maxwidth` and `maxheight` (oembed.com, section 2.2). */
function fitted(size: [number, number], room: readonly unknown[]): [number, number] {
  const scales = room.map((most, i) => (/^[1-9]\d{0,5}$/.test(String(most)) ? Number(most) / size[i]! : 1))
  const scale = Math.min(1, ...scales)
  return [Math.floor(size[0] * scale), Math.max(1, Math.floor(size[1] * scale))]
}

interface Target {
  path: string
  uri?: string
  infoHash?: string
}

function targetOf(url: string, publicUrl: string): Target | undefined {
  if (!URL.canParse(url) || new URL(url).origin !== new URL(publicUrl).origin) return undefined
  const path = new URL(url).pathname
  const infoHash = /^\/torrent\/([\da-f]{40}|[\da-f]{64})$/i.exec(path)?.[1]
  if (infoHash) return { path, infoHash }
  const segments = path.split('/').slice(1)
  const [section, did, ...rest] = segments.map((segment) => decode(segment))
  if (section !== 'dataset' || !did || rest.length < 1 || rest.length > 2) return undefined
  const rkey = rest.at(-1)
  return rkey ? { path, uri: datasetUri(did, rkey, rest.length === 2 ? rest[0] : undefined) } : undefined
}

function decode(segment: string): string | undefined {
  try {
    return decodeURIComponent(segment)
  } catch {
    return undefined
  }
}

function countSeeders(db: Db, { uri, infoHash }: Target): Promise<SeederCount | undefined> {
  if (infoHash) return countTorrentSeeders(db, infoHash)
  return uri ? countDatasetSeeders(db, uri) : Promise.resolve(undefined)
}
