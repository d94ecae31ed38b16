/**
 * Datasets and the whole catalog for programs that read RDF. A dataset's graph is at the address of its page, chosen by
 * the `Accept` header, by `?format=` or by the address's ending.
 */
import { collections } from '@holdfast/lexicons/nsid'
import express, { type Request, type RequestHandler, type Response, type Router } from 'express'
import { resolveAccount } from '../../catalog/read/account.ts'
import { readHarvestItem } from '../../catalog/views/datasets/dataset-harvest.ts'
import { datasetPath } from '../../http/page-paths.ts'
import { queryOf } from '../../http/request-target.ts'
import { storable } from '../../store/sql.ts'
import { answerBadRequest } from '../bad-request-error.ts'
import { type DescribedParts, describeDatasets } from '../describe-datasets.ts'
import { catalogPage } from './catalog.ts'
import { type Format, formats } from './documents.ts'
import { acceptedForm, endingPattern, namedForm, splitEnding } from './negotiation.ts'

/** Serves `/dataset/…` for requests that do not want the HTML page, and `/catalog`; passes on all others. */
export function linkedDataRouter(parts: DescribedParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const get = (path: string, answer: (req: Request, res: Response, next: () => void) => Promise<unknown>) => {
    const handler: RequestHandler = (req, res, next) => {
      answer(req, res, next).catch(next)
    }
    router.get(path, handler)
  }
  get('/dataset/:authority/:rkey', (req, res, next) => dataset(parts, { req, res, next }))
  get('/dataset/:authority/:collection/:rkey', (req, res, next) => dataset(parts, { req, res, next }))
  get('/catalog', (req, res) => catalog(parts, req, res))
  get(`/catalog.:ending(${endingPattern})`, (req, res) => catalog(parts, req, res))
  router.use(answerBadRequest)
  return router
}

interface Exchange {
  req: Request
  res: Response
  /** Passes the request on to the HTML page. */
  next: () => void
}

async function dataset(parts: DescribedParts, { req, res, next }: Exchange): Promise<unknown> {
  const { authority = '', collection = collections.dataset, rkey = '' } = req.params as Record<string, string>
  const asked = await formOfDataset(parts, {
    req,
    uri: (key) => `at://${authority}/${collection}/${key}`,
    rkey,
  })
  if (asked.negotiated) res.vary('Accept')
  if (asked.form === 'html') return next()
  const did = authority.startsWith('did:') ? authority : await resolveAccount(parts.db, storable(authority))
  const uri = storable(`at://${did}/${collection}/${asked.rkey}`)
  if (did !== authority && did !== undefined)
    return res.redirect(303, `${datasetPath(uri)}?format=${asked.form}`)
  const item = did && (await readHarvestItem(parts.db, uri))
  const [described] = item && !item.gone ? await describeDatasets(parts, [uri]) : []
  if (!item || !described)
    return res.status(404).json({ error: 'RecordNotFound', message: 'There is no such dataset here.' })

  const publicUrl = parts.publicUrl()
  res.setHeader('Cache-Control', 'public, no-cache')
  res.append('Link', `<${described.page}>; rel="alternate"; type="text/html"`)
  res.append('Link', `<${publicUrl}/catalog>; rel="collection"`)
  res.setHeader('Content-Location', `${described.page}?format=${asked.form}`)
  const { form } = asked
  const document = await parts.documents.write({
    ...{ kind: 'dataset', form, publicUrl, siteName: parts.name },
    dataset: { described, changedAt: item.changedAt },
  })
  return send(res, form === 'schema.org' ? 'application/ld+json' : formats[form].type, document)
}

/** Finds the format that a URL asks for. A record key may itself end like a format's ending, and then names that record. */
async function formOfDataset(
  { db }: DescribedParts,
  { req, uri, rkey }: { req: Request; uri: (rkey: string) => string; rkey: string },
): Promise<{ form: Format | 'html' | 'schema.org'; rkey: string; negotiated: boolean }> {
  const named = namedForm(req, ['html', 'schema.org'])
  if (named) return { form: named, rkey, negotiated: false }
  const ended = splitEnding(rkey)
  const item = ended && (await readHarvestItem(db, storable(uri(rkey))))
  if (ended && (!item || item.gone)) return { ...ended, negotiated: false }
  return { form: acceptedForm(req, ['html', 'jsonld', 'ttl', 'rdf']), rkey, negotiated: true }
}

async function catalog(parts: DescribedParts, req: Request, res: Response): Promise<unknown> {
  const ending = req.params.ending as Format | undefined
  const named = ending ?? namedForm(req, [])
  if (named === undefined) res.vary('Accept')
  const form = named ?? acceptedForm(req, ['ttl', 'jsonld', 'rdf', 'html'])
  if (form === 'html') return res.redirect(303, '/search')
  const addressOf = (cursor?: string) =>
    `${parts.publicUrl()}/catalog.${form}${cursor === undefined ? '' : `?${new URLSearchParams({ cursor })}`}`
  const { cursor, ...page } = await catalogPage(parts, {
    cursor: queryOf(req).get('cursor') ?? undefined,
    addressOf,
  })
  res.setHeader('Cache-Control', 'public, max-age=60')
  if (cursor) res.append('Link', `<${addressOf(cursor)}>; rel="next"`)
  const document = await parts.documents.write({
    kind: 'catalog',
    form,
    publicUrl: parts.publicUrl(),
    ...page,
  })
  return send(res, formats[form].type, document)
}

/** Express answers If-None-Match from the ETag of the body. */
function send(res: Response, type: string, document: Buffer): void {
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.type(`${type}; charset=utf-8`).send(document)
}
