/** The well-known URLs from which programs discover the rest: `/.well-known/api-catalog` (RFC 9727) and `/.well-known/void`. */
import express, { type Router } from 'express'
import { answerBadRequest } from '../bad-request-error.ts'
import { formats, writeGraph } from '../linked-data/documents.ts'
import { acceptedForm, namedForm } from '../linked-data/negotiation.ts'
import { addressOf, apiCatalog, apiCatalogType } from './api-catalog.ts'
import { voidGraph } from './void.ts'

/** Serves both, and links to the first in a header of the home page; passes on all other requests. */
export function wellKnownRouter(parts: { publicUrl: () => string; name: string }): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  router.get(['/', '/.well-known/api-catalog'], (_req, res, next) => {
    res.append('Link', `<${addressOf(parts.publicUrl())}>; rel="api-catalog"`)
    next()
  })
  router.get('/.well-known/api-catalog', (_req, res) => {
    res.setHeader('Cache-Control', 'public, max-age=3600')
    res.setHeader('Content-Type', apiCatalogType)
    res.send(Buffer.from(`${JSON.stringify(apiCatalog(parts.publicUrl()), null, 1)}\n`))
  })
  router.get('/.well-known/void', (req, res) => {
    const named = namedForm(req, [])
    if (named === undefined) res.vary('Accept')
    const form = named ?? acceptedForm(req, ['ttl', 'jsonld', 'rdf'])
    res.setHeader('Cache-Control', 'public, max-age=3600')
    res.type(formats[form].type).send(writeGraph(form, voidGraph(parts.publicUrl(), parts.name)))
  })
  router.use(answerBadRequest)
  return router
}
