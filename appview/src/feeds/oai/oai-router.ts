/** OAI-PMH 2.0: the datasets for library catalogues and aggregators that harvest archives. */
import express, { type ErrorRequestHandler, type Request, type Response, type Router } from 'express'
import { readEarliestChange } from '../../catalog/views/datasets/dataset-harvest.ts'
import type { DescribedParts } from '../described.ts'
import { queryOf } from '../request-query.ts'
import { type Element, element, writeXml } from '../xml.ts'
import { formatElement, metadataFormats } from './metadata-formats.ts'
import { type OaiArguments, readArguments } from './oai-arguments.ts'
import { OaiError } from './oai-error.ts'
import { getRecord, listRecords, requireRecord, toSeconds } from './oai-records.ts'
import { listSets } from './oai-sets.ts'

export interface OaiParts extends DescribedParts {
  /** Whom to write to about this archive: an address for mail, if the operator gave one. */
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

async function answer(parts: OaiParts, query: URLSearchParams): Promise<string> {
  const baseUrl = `${parts.publicUrl()}/oai`
  try {
    const asked = readArguments(query)
    const content = element(asked.verb, {}, ...(await verbs[asked.verb](parts, asked)))
    return envelope(element('request', { ...asked }, baseUrl), content)
  } catch (error) {
    if (!(error instanceof OaiError)) throw error
    // Section 3.6: the arguments are not repeated where they are what is wrong.
    const isUnclear = error.code === 'badVerb' || error.code === 'badArgument'
    const request = element('request', isUnclear ? {} : { ...readArguments(query) }, baseUrl)
    return envelope(request, element('error', { code: error.code }, error.message))
  }
}

const verbs: Readonly<
  Record<OaiArguments['verb'], (parts: OaiParts, asked: OaiArguments) => Promise<Element[]>>
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
    // Deletions are told for as long as the live streams can be replayed.
    ['deletedRecord', 'transient'],
    ['granularity', 'YYYY-MM-DDThh:mm:ssZ'],
    ['compression', 'gzip'],
  ]
  return fields.map(([name, value]) => element(name, {}, value))
}

function envelope(...content: Element[]): string {
  return writeXml(
    element(
      'OAI-PMH',
      {
        xmlns: 'http://www.openarchives.org/OAI/2.0/',
        'xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
        'xsi:schemaLocation':
          'http://www.openarchives.org/OAI/2.0/ http://www.openarchives.org/OAI/2.0/OAI-PMH.xsd',
      },
      element('responseDate', {}, toSeconds(new Date().toISOString())),
      ...content,
    ),
  )
}

function send(res: Response, document: string): void {
  // The time of the answer is part of it: a copy would tell a harvester a time at which nobody looked.
  res.setHeader('Cache-Control', 'no-store')
  res.setHeader('X-Content-Type-Options', 'nosniff')
  res.type('text/xml').send(document)
}

function argumentsOf(req: Request): URLSearchParams {
  if (req.method === 'POST') return new URLSearchParams(typeof req.body === 'string' ? req.body : '')
  return queryOf(req)
}

/** A body too large or broken off (section 3.1.1 has no error of its own for one). */
const unreadable: ErrorRequestHandler = (error: { status?: number }, _req, res, next) => {
  if (!error.status || error.status >= 500 || res.headersSent) return next(error)
  res.status(error.status).type('text/plain').send('The arguments cannot be read.\n')
}
