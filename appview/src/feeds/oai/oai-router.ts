/** OAI-PMH 2.0, by which library catalogs and aggregators harvest the datasets. */
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { readEarliestChange } from '../../catalog/views/datasets/dataset-harvest.ts'
import { queryOf } from '../../http/request-target.ts'
import type { DescribedParts } from '../describe-datasets.ts'
import type { OaiContent } from '../document-jobs.ts'
import { type Element, element, writeXml } from '../xml.ts'
import { formatElement, metadataFormats } from './metadata-formats.ts'
import { type OaiArguments, readArguments } from './oai-arguments.ts'
import { OaiError } from './oai-error.ts'
import { identifierScheme } from './oai-identifiers.ts'
import { getRecord, listRecords, requireRecord, toSeconds } from './oai-records.ts'
import { listSets } from './oai-sets.ts'

export interface OaiParts extends DescribedParts {
  /** The e-mail address for questions about this repository, if the operator gave one. */
  adminEmail: () => string
}

/** Serves `/oai`, by GET and by POST. */
export function oaiRouter(parts: OaiParts): Router {
  const router = express.Router({ caseSensitive: true, strict: true })
  const body = express.text({ type: 'application/x-www-form-urlencoded', limit: 20_000 })
  const serve = (req: Request, res: Response, next: (error?: unknown) => void) => {
    answer(parts, argumentsOf(req))
      .then((document) => send(res, document))
      .catch(next)
  }
  router.get('/oai', serve)
  router.post('/oai', body, serve)
  router.use('/oai', unreadable)
  return router
}

async function answer(parts: OaiParts, query: URLSearchParams): Promise<Buffer | string> {
  const baseUrl = `${parts.publicUrl()}/oai`
  try {
    const asked = readArguments(query)
    const content = await verbs[asked.verb](parts, asked)
    const root = envelope(element('request', { ...asked }, baseUrl))
    return await parts.documents.write({ kind: 'oai', root, verb: asked.verb, archive: parts.name, content })
  } catch (error) {
    if (!(error instanceof OaiError)) throw error
    // The arguments are not repeated when they are the error (section 3.6).
    const isUnclear = error.code === 'badVerb' || error.code === 'badArgument'
    const request = element('request', isUnclear ? {} : { ...readArguments(query) }, baseUrl)
    return writeXml(envelope(request, element('error', { code: error.code }, error.message)))
  }
}

const verbs: Readonly<
  Record<OaiArguments['verb'], (parts: OaiParts, asked: OaiArguments) => Promise<OaiContent[]>>
> = {
  Identify: identify,
  GetRecord: getRecord,
  ListIdentifiers: listRecords,
  ListRecords: listRecords,
  async ListMetadataFormats(parts, { identifier }) {
    if (identifier !== undefined) await requireRecord(parts, identifier)
    return metadataFormats.map(formatElement)
  },
  ListSets: listSets,
}

async function identify(parts: OaiParts): Promise<Element[]> {
  const earliest = (await readEarliestChange(parts.db)) ?? new Date().toISOString()
  const fields: [string, string][] = [
    ['repositoryName', parts.name],
    ['baseURL', `${parts.publicUrl()}/oai`],
    ['protocolVersion', '2.0'],
    ['adminEmail', parts.adminEmail()],
    ['earliestDatestamp', toSeconds(earliest)],
    // Deletions are reported for as long as the live streams can be replayed.
    ['deletedRecord', 'transient'],
    ['granularity', 'YYYY-MM-DDThh:mm:ssZ'],
    ['compression', 'gzip'],
  ]
  return [...fields.map(([name, value]) => element(name, {}, value)), ...identifierScheme(parts)]
}

function envelope(...content: Element[]): Element {
  return element(
    'OAI-PMH',
    {
      xmlns: 'http://www.openarchives.org/OAI/2.0/',
      'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
      'xsi:schemaLocation':
        'http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd',
    },
    element('responseDate', {}, toSeconds(new Date().toISOString())),
    ...content,
  )
}

function send(res: Response, document: Buffer | string): void {
  // An answer contains the time at which it was made, on which harvesters rely, so it must not be cached.
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.type('text/xml; charset=utf-8').send(document)
}

function argumentsOf(req: Request): URLSearchParams {
  if (req.method === 'POST') return new URLSearchParams(typeof req.body === 'string' ? req.body : '')
  return queryOf(req)
}

/** Answers a request body that is too large or incomplete (section 3.1.1 defines no error for it). */
const unreadable: ErrorRequestHandler = (error: { status?: number }, _req, res, next) => {
  if (!error.status || error.status >= 500 || res.headersSent) return next(error)
  res.status(error.status).type('text/plain').send('The arguments cannot be read.\n')
}
