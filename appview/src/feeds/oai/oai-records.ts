import { decodeCursor, encodeCursor, InvalidCursorError } from '../../catalog/cursor.ts'
import { storable } from '../../catalog/sql.ts'
import {
  type HarvestItem,
  type HarvestPosition,
  positionShape,
  readHarvest,
  readHarvestItem,
} from '../../catalog/views/datasets/dataset-harvest.ts'
import { type Described, type DescribedParts, describeDatasets } from '../described.ts'
import { type Element, element, text } from '../xml.ts'
import { formatOf, type MetadataFormat } from './metadata-formats.ts'
import { type OaiArguments, readPeriod } from './oai-arguments.ts'
import { invalidToken, OaiError } from './oai-error.ts'
import { readSetSpec, setSpecOf } from './oai-sets.ts'

const recordsAPage = 100
const headersAPage = 1_000
/** A record may be a mebibyte: of those a page has few. */
const maxCharacters = 1_000_000

/** One record, deleted or not. @throws OaiError */
export async function getRecord(parts: DescribedParts, asked: OaiArguments): Promise<Element[]> {
  const format = formatOf(asked.metadataPrefix)
  const item = await readHarvestItem(parts.db, storable(asked.identifier ?? ''))
  const [described] = item && !item.gone ? await describeDatasets(parts, [item.uri]) : []
  if (!item || (!item.gone && !described)) throw noSuchRecord()
  return [record(item, { described, format, archive: parts.name })]
}

/** Whether there is a record to have formats of. @throws OaiError */
export async function requireRecord(parts: DescribedParts, identifier: string): Promise<void> {
  if (!(await readHarvestItem(parts.db, storable(identifier)))) throw noSuchRecord()
}

/** A page of headers, or of whole records, and the token of the next. @throws OaiError */
export async function listRecords(parts: DescribedParts, asked: OaiArguments): Promise<Element[]> {
  const isWhole = asked.verb === 'ListRecords'
  const { prefix, from, until, set, after } = asked.resumptionToken
    ? readToken(asked.verb, asked.resumptionToken)
    : { ...asked, prefix: asked.metadataPrefix, after: undefined }
  const format = formatOf(prefix)
  const { items, next } = await readHarvest(parts.db, {
    limit: isWhole ? recordsAPage : headersAPage,
    maxCharacters: isWhole ? maxCharacters : undefined,
    after,
    ...readPeriod({ from, until }),
    gone: true,
    set: set === undefined ? undefined : readSetSpec(set),
  })
  if (items.length === 0 && !after)
    throw new OaiError('noRecordsMatch', 'Nothing of that kind changed in that time.')
  const listed = isWhole ? await records(parts, items, format) : items.map(header)
  const token = next && writeToken(asked.verb, { prefix: format.prefix, from, until, set, after: next })
  // Section 3.5: the last page of several ends with an empty token.
  return [...listed, ...(token || after ? [element('resumptionToken', {}, token)] : [])]
}

async function records(
  parts: DescribedParts,
  items: readonly HarvestItem[],
  format: MetadataFormat,
): Promise<Element[]> {
  const present = items.flatMap(({ uri, gone }) => (gone ? [] : [uri]))
  const described = new Map((await describeDatasets(parts, present)).map((one) => [one.uri, one]))
  return items.flatMap((item) => {
    const found = described.get(item.uri)
    // Hidden since the page was read: it comes again as deleted.
    if (!item.gone && !found) return []
    return [record(item, { described: found, format, archive: parts.name })]
  })
}

function record(
  item: HarvestItem,
  {
    described,
    format,
    archive,
  }: { described: Described | undefined; format: MetadataFormat; archive: string },
): Element {
  const metadata = described && element('metadata', {}, format.write(described, archive))
  return element('record', {}, header(item), metadata)
}

function header({ uri, changedAt, gone, sets }: HarvestItem): Element {
  return element(
    'header',
    { status: gone ? 'deleted' : undefined },
    text('identifier', uri),
    text('datestamp', toSeconds(changedAt)),
    ...sets.map((set) => text('setSpec', setSpecOf(set))),
  )
}

/** The granularity of this archive. */
export function toSeconds(instant: string): string {
  return `${instant.slice(0, 19)}Z`
}

interface Token {
  prefix: string | undefined
  from: string | undefined
  until: string | undefined
  set: string | undefined
  after: HarvestPosition
}

/** Everything that the next page needs is in its token: nothing is kept here, and none expires. */
function writeToken(verb: string, { prefix = '', from = '', until = '', set = '', after }: Token): string {
  return encodeCursor(`oai ${verb}`, [prefix, from, until, set, ...after])
}

function readToken(verb: string, token: string): Token {
  try {
    const shape = ['string', 'string', 'string', 'string', ...positionShape] as const
    const [prefix, from, until, set, ...after] = decodeCursor(`oai ${verb}`, token, shape)
    const asked = { from: from || undefined, until: until || undefined, set: set || undefined }
    readPeriod(asked)
    if (asked.set !== undefined) readSetSpec(asked.set)
    return { prefix, ...asked, after }
  } catch (error) {
    if (!(error instanceof InvalidCursorError || error instanceof OaiError)) throw error
    throw invalidToken()
  }
}

function noSuchRecord(): OaiError {
  return new OaiError('idDoesNotExist', 'There is no such record here; identifiers are AT-URIs of datasets.')
}
