import type { RequestHandler } from 'express'
import qrcode from 'qrcode-generator'
import type { Db } from '../../store/sql.ts'
import { html } from '../html.ts'
import { PageError } from '../server/page-error.ts'
import { secureImage } from '../server/security.ts'
import { readTorrents } from './torrent.ts'

/** Serves the magnet link as a QR code, with only one tracker so that a phone can read it from a screen. */
export function magnetQr(db: Db, trackers: readonly string[]): RequestHandler {
  return async (req, res, next) => {
    try {
      const [torrent] = await readTorrents(
        db,
        (req.params.infoHash ?? '').toLowerCase(),
        trackers.slice(0, 1),
      )
      if (!torrent?.magnet) throw new PageError(404, 'torrent')
      // Leave the name out, which would only make the squares smaller.
      const magnet = torrent.magnet.replace(/&dn=[^&]*/, '')
      secureImage(res)
      res.setHeader('Content-Type', 'image/svg+xml; charset=utf-8')
      res.setHeader('Cache-Control', 'public, max-age=3600')
      res.send(qrSvg(magnet))
    } catch (error) {
      next(error)
    }
  }
}

const margin = 4

/** Draws a QR code as one SVG path; black on white in every theme, as QR readers expect. */
export function qrSvg(text: string): string {
  const qr = qrcode(0, 'L')
  qr.addData(text, 'Byte')
  qr.make()
  const count = qr.getModuleCount()
  const size = count + 2 * margin
  let path = ''
  for (let row = 0; row < count; row++) {
    for (let column = 0; column < count; column++) {
      if (!qr.isDark(row, column)) continue
      let end = column
      while (end < count && qr.isDark(row, end)) end += 1
      path += `M${column + margin} ${row + margin}h${end - column}v1H${column + margin}z`
      column = end
    }
  }
  return html`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${size} ${size}" width="${size * 6}" height="${size * 6}" shape-rendering="crispEdges"><rect width="${size}" height="${size}" fill="#fff"/><path d="${path}" fill="#000"/></svg>
`.text
}
