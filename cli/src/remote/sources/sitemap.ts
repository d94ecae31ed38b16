import { CommandError } from '../../command-error.ts'
import { nameOfAddress, pathOfAddress } from '../addresses.ts'
import type { RemoteFile } from '../remote-file.ts'
import { decodeEntities, elementsOf } from './html-links.ts'
import { addressOf } from './json.ts'
import { tooMany } from './listing.ts'
import type { Found, SourceOptions } from './source.ts'

const maxSitemaps = 10_000

/** The addresses of a sitemap, or of those that its index names (sitemaps.org); undefined if the address is none. */
export async function readSitemap(url: URL, options: SourceOptions): Promise<Found | undefined> {
  if (!/sitemap[^/]*\.xml$/i.test(url.pathname)) return undefined
  const files = new Map<string, RemoteFile>()
  const waiting = [url.href]
  const seen = new Set(waiting)
  for (let place = waiting.shift(); place !== undefined; place = waiting.shift()) {
    const { status, text } = await options.web.get(place, 'application/xml, text/xml')
    if (status !== 200)
      throw new CommandError(status === 404 ? 'notFound' : 'network', `${place} answers ${status}.`)
    const isIndex = /<sitemapindex\b/.test(text)
    if (!isIndex && !/<urlset\b/.test(text)) {
      if (place === url.href) return undefined
      throw new CommandError('failure', `${place} is no sitemap.`)
    }
    for (const written of elementsOf(text, 'loc')) {
      const found = addressOf(decodeEntities(written.trim()))
      if (found === undefined) continue
      if (!isIndex) {
        const path = pathOfAddress(found) ?? []
        if (path.length > 0 && options.isExcluded(path) !== undefined) continue
        files.set(found, { url: found, name: nameOfAddress(new URL(found)) })
      } else if (!seen.has(found)) {
        seen.add(found)
        waiting.push(found)
      }
      if (files.size > options.maxFiles) throw tooMany(url, options.maxFiles)
      if (seen.size > maxSitemaps)
        throw new CommandError('failure', `${url} names more than ${maxSitemaps} sitemaps.`)
    }
    options.onFound(files.size)
  }
  return { files: [...files.values()], skipped: [] }
}
