import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { InvalidCursorError } from '../../catalog/cursor.ts'
import { SearchError } from '../../catalog/search/search-error.ts'
import { chooseLanguage, isLanguage } from '../i18n/language.ts'
import { type Page, renderPage } from '../parts/layout.ts'
import { errorPage } from '../routes/error.ts'
import type { View } from '../view.ts'
import type { Assets } from './assets.ts'
import { PageError } from './page-error.ts'
import { securePage } from './security.ts'

/** What every page is made with. */
export interface Site {
  readonly assets: Assets
  publicUrl(): string
  readonly name: string
  readonly log: { error(fields: object, message: string): void }
}

/** Answers a request with a page, or with the path that it moved to. @throws PageError */
export type MakePage = (
  view: View,
  req: Request,
) => Promise<Page | { movedTo: string }> | Page | { movedTo: string }

/** Serves a page in the reader's language; its ETag makes asking again cheap. */
export function servePage(site: Site, make: MakePage, options: { connect?: string } = {}): RequestHandler {
  return async (req, res, next) => {
    try {
      const view = viewOf(site, req)
      const made = await make(view, req)
      if ('movedTo' in made) return res.redirect(303, view.href(made.movedTo))
      for (const { type, href } of made.alternates ?? [])
        res.append('Link', `<${href}>; rel="alternate"; type="${type}"`)
      send(res, {
        status: 200,
        text: renderPage(view, made, site.assets),
        connect: made.connect ?? options.connect,
      })
    } catch (error) {
      next(error)
    }
  }
}

/** Nothing else answers this path: a page says so to whoever reads pages, others are passed on. */
export const serveNotFound: RequestHandler = (req, _res, next) =>
  next(wantsPage(req) ? new PageError(404, 'page') : undefined)

/** Shows what went wrong; our own faults are logged, and told without detail. */
export function serveErrors(site: Site): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent || !wantsPage(req)) return next(error)
    const known = toPageError(error)
    if (!known) site.log.error({ err: error, path: req.path }, 'a page failed')
    const view = viewOf(site, req)
    const page = errorPage(view, known)
    send(res, { status: known?.status ?? 500, text: renderPage(view, page, site.assets) })
  }
}

function toPageError(error: unknown): PageError | undefined {
  if (error instanceof PageError) return error
  if (error instanceof InvalidCursorError) return new PageError(400, 'request', error.message)
  if (error instanceof SearchError) return new PageError(400, 'request', error.message)
  const status = (error as { status?: unknown }).status
  if (error instanceof URIError || status === 400) return new PageError(400, 'request')
  return undefined
}

function wantsPage(req: Request): boolean {
  return (req.method === 'GET' || req.method === 'HEAD') && req.accepts(['json', 'html']) === 'html'
}

function send(
  res: Response,
  { status, text, connect }: { status: number; text: string; connect?: string | undefined },
): void {
  securePage(res, connect)
  res.status(status)
  res.setHeader('Content-Type', 'text/html; charset=utf-8')
  res.setHeader('Cache-Control', 'public, no-cache')
  res.vary('Accept-Language, Accept-Encoding')
  res.send(text)
}

function viewOf(site: Site, req: Request): View {
  const asked = req.query.lang
  const chosen = isLanguage(asked) ? asked : undefined
  return {
    ...chooseLanguage(chosen, req.headers['accept-language']),
    here: req.originalUrl,
    publicUrl: site.publicUrl(),
    siteName: site.name,
    href(path) {
      if (chosen === undefined || !path.startsWith('/')) return path
      const [before = '', fragment] = path.split('#')
      return `${before}${before.includes('?') ? '&' : '?'}lang=${chosen}${fragment === undefined ? '' : `#${fragment}`}`
    },
  }
}
