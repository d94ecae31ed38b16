/**
 * The URLs from which programs discover the rest: `/.well-known/api-catalog` (RFC 9727), `/.well-known/void`, the API in OpenAPI
 * (`/openapi.json`), and each lexicon (`/lexicons/NSID.json`).
 */
import express, { type Router } from 'express'
import { answerBadRequest } from '../bad-request-error.ts'
import { formats, writeGraph } from '../linked-data/documents.ts'
import { acceptedForm, namedForm } from '../linked-data/negotiation.ts'
import { addressOf, apiCatalog, apiCatalogType } from './api-catalog.ts'
import { describeApi, lexiconOf } from './describe-api.ts'
import { voidGraph } from './void.ts'

/** Serves them, and links to the first in a header of the home page; passes on all other requests. */
export function wellKnownRouter(parts: { publicUrl: () => string; name: string; version: string }): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  // It differs only by the address, which is known once the server listens.
  let described: { serverUrl: string; api: Buffer } | undefined
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
  router.get('/openapi.json', (_req, res) => {
    res.setHeader('Cache-Control', 'public, max-age=3600')
    res.setHeader('Access-Control-Allow-Origin', '*')
    const serverUrl = parts.publicUrl()
    if (described?.serverUrl !== serverUrl)
      described = { serverUrl, api: Buffer.from(JSON.stringify(describeApi({ ...parts, serverUrl }))) }
    res.type('json').send(described.api)
  })
  router.get('/lexicons/:file', (req, res, next) => {
    const document = lexiconOf(req.params.file)
    if (!document) return next()
    res.setHeader('Cache-Control', 'public, max-age=3600')
    res.setHeader('Access-Control-Allow-Origin', '*')
    return res.json(document)
  })
  router.use(answerBadRequest)
  return router
}
