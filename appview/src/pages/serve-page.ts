import type { ErrorRequestHandler, Request, RequestHandler, Response } from 'express'
import { hereOf } from '../http/request-target.ts'
import { SearchError } from '../search/query/search-error.ts'
import { InvalidCursorError } from '../store/page-cursor.ts'
import { isStoreAway } from '../store/store-unavailable.ts'
import { ThreadsBusyError } from '../threads/thread-pool.ts'
import { chooseLanguage, isLanguage } from './i18n/language.ts'
import { type Page, renderPage } from './parts/layout.ts'
import { errorPage } from './routes/error.ts'
import type { Assets } from './server/assets.ts'
import { PageError } from './server/page-error.ts'
import type { PageProse, Prose } from './server/prose.ts'
import { securePage } from './server/security.ts'
import type { View } from './view.ts'

/** What is needed to make any page. */
export interface Site {
  readonly assets: Assets
  publicUrl(): string
  readonly name: string
  readonly prose: Prose
  readonly log: { error(fields: object, message: string): void }
}

/** Makes the page for a request, or returns the path to redirect to. @throws PageError */
export type MakePage = (
  view: View,
  req: Request,
) => Promise<Page | { movedTo: string }> | Page | { movedTo: string }

/** Serves a page in the reader's language, with an ETag that makes repeated requests cheap. */
export function servePage(site: Site, make: MakePage, options: { connect?: string } = {}): RequestHandler {
  return async (req, res, next) => {
    try {
      const prose = site.prose.onPage()
      const view = viewOf(site, req, prose)
      const made = await make(view, req)
      if ('movedTo' in made) return res.redirect(303, view.href(made.movedTo))
      for (const { type, href } of made.alternates ?? [])
        res.append('Link', `<${href}>; rel="alternate"; type="${type}"`)
      send(res, {
        status: 200,
        text: await prose.fillIn(renderPage(view, made, site.assets)),
        connect: made.connect ?? options.connect,
      })
    } catch (error) {
      next(error)
    }
  }
}

/** For a path that nothing else serves: shows an error page to browsers, and passes other requests on. */
export const serveNotFound: RequestHandler = (req, _res, next) =>
  next(wantsPage(req) ? new PageError(404, 'page') : undefined)

/** Shows an error page. Our own faults are logged, and shown without details. */
export function serveErrors(site: Site): ErrorRequestHandler {
  return (error, req, res, next) => {
    if (res.headersSent || !wantsPage(req)) return next(error)
    const known = toPageError(error)
    const isBusy = error instanceof ThreadsBusyError
    if (isBusy) res.setHeader('Retry-After', '5')
    else if (!known) site.log.error({ err: error, path: req.path }, 'a page failed')
    const view = viewOf(site, req, site.prose.onPage())
    const page = errorPage(view, known)
    send(res, {
      status: known?.status ?? (isBusy || isStoreAway(error) ? 503 : 500),
      text: renderPage(view, page, site.assets),
    })
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

function viewOf(site: Site, req: Request, prose: PageProse): View {
  const asked = req.query.lang
  const chosen = isLanguage(asked) ? asked : undefined
  return {
    ...chooseLanguage(chosen, req.headers['accept-language']),
    prose: prose.mark,
    here: hereOf(req),
    publicUrl: site.publicUrl(),
    siteName: site.name,
    href(path) {
      if (chosen === undefined || !path.startsWith('/')) return path
      const [before = '', fragment] = path.split('#')
      return `${before}${before.includes('?') ? '&' : '?'}lang=${chosen}${fragment === undefined ? '' : `#${fragment}`}`
    },
  }
}
