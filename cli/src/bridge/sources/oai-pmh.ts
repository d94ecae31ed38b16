import { CommandError } from '../../command-error.ts'
import { childrenOf, descend, readXml, textsOf, type XmlElement } from '../../import/xml.ts'
import type { Ask } from '../ask.ts'
import type { Answer, Change, Place, Reading, Source } from '../source.ts'
import { type OaiMetadata, readablePrefixes, readMetadata } from './oai-metadata.ts'
import { pageOf, withPage } from './oai-pages.ts'

export interface OaiOptions {
  readonly set?: string | undefined
  /** The metadata format; the best that is offered by default. */
  readonly prefix?: string | undefined
  /** Whether records are taken that the repository says are something else, such as articles. */
  readonly everyType?: boolean | undefined
}

/** Repositories often list a record some time after its datestamp. */
const overlapMs = 3_600_000
/** A repository that loses its resumption tokens this often is given up. */
const maxRestarts = 3

/** What a reading has to remember of the repository, and where it is. */
interface OaiPlace extends Place {
  readonly token: string | null
  readonly prefix: string
  /** The time of the repository's first answer, from which the next run asks. */
  readonly began: string | null
  readonly from: string | null
  readonly restarts: number
}

interface Since {
  readonly from: string
  readonly prefix: string
  /** Whether the repository tells for ever which records it deleted. */
  readonly tellsDeleted: boolean
}

/** An error that the repository declares (OAI-PMH 2.0, section 3.6). */
class OaiError extends Error {
  override readonly name = 'OaiError'
  readonly code: string
  readonly responseDate: string

  constructor(code: string, message: string, responseDate: string) {
    super(message)
    this.code = code
    this.responseDate = responseDate
  }
}

/** Follows a repository by OAI-PMH 2.0: changes since a date in its granularity, resumption tokens, deleted records. */
export function oaiPmh(base: string, ask: Ask, options: OaiOptions = {}): Source {
  let tellsDeleted: boolean | undefined
  const request = (parameters: Record<string, string | null | undefined>) => oaiRequest(base, ask, parameters)

  async function identify() {
    const root = await request({ verb: 'Identify' })
    const said = descend(root, 'Identify')
    tellsDeleted = textsOf(said, 'deletedRecord')[0] === 'persistent'
    return { isDaily: textsOf(said, 'granularity')[0] === 'YYYY-MM-DD', tellsDeleted }
  }

  async function begin(since: string | undefined): Promise<OaiPlace> {
    if (since !== undefined) {
      const { from, prefix, tellsDeleted: tells } = JSON.parse(since) as Since
      tellsDeleted = tells
      return { token: null, prefix: options.prefix ?? prefix, began: null, from, restarts: 0 }
    }
    const prefix = options.prefix ?? (await bestPrefix(request))
    return { token: null, prefix, began: null, from: null, restarts: 0 }
  }

  /** `from` of the next run. The repository's granularity is asked for once, with the first page. */
  async function sinceOf(at: OaiPlace, began: string): Promise<string> {
    const isDaily = at.from === null ? (await identified()).isDaily : at.from.length === 10
    const from = new Date(Date.parse(began) - overlapMs).toISOString()
    const value: Since = {
      from: isDaily ? from.slice(0, 10) : `${from.slice(0, 19)}Z`,
      prefix: at.prefix,
      tellsDeleted: tellsDeleted ?? false,
    }
    return JSON.stringify(value)
  }
  let identified = () => {
    const asked = identify()
    identified = () => asked
    return asked
  }

  async function* records(
    verb: 'ListRecords' | 'ListIdentifiers',
    { since, place }: Reading,
  ): AsyncGenerator<Answer> {
    let at = (place as OaiPlace | undefined) ?? (await begin(since))
    let isRestart = false
    for (;;) {
      const root = await page(verb, at)
      if (root === 'again') {
        at = { ...at, token: null, restarts: at.restarts + 1 }
        isRestart = true
        continue
      }
      const began = at.began ?? dateOf(root)
      const found = descend(root.answer, verb)
      const token = descend(found, 'resumptionToken')
      const next = token && token.text !== '' ? { ...at, token: token.text, began } : undefined
      const changes =
        verb === 'ListRecords'
          ? childrenOf(found, 'record').map(toChange(at.prefix))
          : childrenOf(found, 'header').map(toListed)
      yield {
        changes,
        isRestart,
        next,
        total: totalOf(token, changes.length),
        since: verb === 'ListRecords' && next === undefined ? await sinceOf(at, began) : undefined,
      }
      if (!next) return
      at = next
      isRestart = false
    }
  }

  /** One page; `again` if the repository no longer knows the token, so that the list has to begin again. */
  async function page(
    verb: string,
    at: OaiPlace,
  ): Promise<{ answer: XmlElement | undefined; responseDate: string } | 'again'> {
    const { token, prefix, from } = at
    try {
      const answer = await request(
        token === null
          ? { verb, metadataPrefix: prefix, from, set: options.set }
          : { verb, resumptionToken: token },
      )
      return { answer, responseDate: textsOf(answer, 'responseDate')[0] ?? '' }
    } catch (error) {
      if (!(error instanceof OaiError)) throw error
      if (error.code === 'noRecordsMatch') return { answer: undefined, responseDate: error.responseDate }
      if (error.code === 'badResumptionToken' && token !== null && at.restarts < maxRestarts) return 'again'
      throw new CommandError('network', `${base} refuses: ${error.code} (${error.message}).`)
    }
  }

  const toChange =
    (prefix: string) =>
    (record: XmlElement): Change => {
      const header = descend(record, 'header')
      const [sourceId = ''] = textsOf(header, 'identifier')
      const [modified] = textsOf(header, 'datestamp')
      if (header?.attributes.status === 'deleted') return { sourceId, modified, action: 'removed' }
      let metadata: OaiMetadata
      try {
        const said = readMetadata(descend(record, 'metadata')?.children[0])
        metadata = withPage(said, pageOf(base, sourceId))
      } catch (error) {
        return { sourceId, modified, action: 'unreadable', problem: (error as Error).message }
      }
      if (!options.everyType && !isDataset(metadata.types))
        return { sourceId, modified, action: 'not-a-dataset' }
      const own = addressOf(base, { verb: 'GetRecord', metadataPrefix: prefix, identifier: sourceId })
      return {
        sourceId,
        modified,
        action: 'described',
        kind: metadata.kind,
        entry: metadata.entry,
        address: metadata.page ?? own,
      }
    }

  return {
    kind: 'oai-pmh',
    url: base,
    hasDates: true,
    read: (reading) => records(reading.mode === 'list' ? 'ListIdentifiers' : 'ListRecords', reading),
    async count() {
      // Where deletions are told for ever, nothing has to be counted.
      if (tellsDeleted ?? (await identified()).tellsDeleted) return undefined
      for await (const { total } of records('ListIdentifiers', {
        mode: 'list',
        since: undefined,
        place: undefined,
      }))
        return total
      return undefined
    },
  }
}

/** Sends a request and returns the root of the answer. Throws an OaiError for the errors of the protocol. */
export async function oaiRequest(
  base: string,
  ask: Ask,
  parameters: Record<string, string | null | undefined>,
): Promise<XmlElement> {
  const address = addressOf(base, parameters)
  const { text } = await ask.text(address, { accept: 'text/xml, application/xml' })
  let root: XmlElement
  try {
    root = readXml(text)
  } catch (cause) {
    const what = /^\s*<(?:!doctype\s+)?html/i.test(text) ? 'a web page' : (cause as Error).message
    throw new CommandError('network', `${address} is not an answer of OAI-PMH: ${what}.`, { cause })
  }
  if (root.name !== 'OAI-PMH')
    throw new CommandError('network', `${address} is not an answer of OAI-PMH, but <${root.name}>.`)
  const error = descend(root, 'error')
  if (error)
    throw new OaiError(error.attributes.code ?? 'unknown', error.text, textsOf(root, 'responseDate')[0] ?? '')
  return root
}

async function bestPrefix(
  request: (parameters: Record<string, string>) => Promise<XmlElement>,
): Promise<string> {
  const root = await request({ verb: 'ListMetadataFormats' })
  const offered = childrenOf(descend(root, 'ListMetadataFormats'), 'metadataFormat').flatMap((format) =>
    textsOf(format, 'metadataPrefix'),
  )
  return readablePrefixes.find((prefix) => offered.includes(prefix)) ?? 'oai_dc'
}

function addressOf(base: string, parameters: Record<string, string | null | undefined>): string {
  const url = new URL(base)
  for (const [name, value] of Object.entries(parameters))
    if (value !== null && value !== undefined) url.searchParams.set(name, value)
  return url.href
}

function toListed(header: XmlElement): Change {
  const [sourceId = ''] = textsOf(header, 'identifier')
  return { sourceId, action: header.attributes.status === 'deleted' ? 'removed' : 'listed' }
}

/** The whole number of records: stated with a token, or that of a list that has only one page. */
function totalOf(token: XmlElement | undefined, onThisPage: number): number | undefined {
  if (!token) return onThisPage
  const stated = Number(token.attributes.completeListSize ?? Number.NaN)
  return Number.isSafeInteger(stated) && stated >= 0 ? stated : undefined
}

function dateOf({ responseDate }: { responseDate: string }): string {
  return Number.isNaN(Date.parse(responseDate)) ? new Date().toISOString() : responseDate
}

/** Whether a record is of data, as far as the repository says: many say nothing, and most call data a dataset. */
function isDataset(types: readonly string[]): boolean {
  return types.length === 0 || types.some((type) => /data\s?-?set|dataset|\bdata\b|collection/i.test(type))
}
