import {
  type HarvestItem,
  type HarvestPosition,
  positionShape,
  readHarvest,
  readHarvestItem,
} from '../../catalog/views/datasets/dataset-harvest.ts'
import { decodeCursor, encodeCursor, InvalidCursorError } from '../../store/page-cursor.ts'
import { type DescribedParts, describeDatasets } from '../describe-datasets.ts'
import type { Described } from '../described.ts'
import type { OaiContent, OaiRecord } from '../document-jobs.ts'
import { type Element, element, text } from '../xml.ts'
import { formatOf, type MetadataFormat } from './metadata-formats.ts'
import { type OaiArguments, readPeriod } from './oai-arguments.ts'
import { invalidToken, OaiError } from './oai-error.ts'
import { oaiIdentifier, uriOf } from './oai-identifiers.ts'
import { readSetSpec, setSpecOf } from './oai-sets.ts'

const recordsAPage = 100
const headersAPage = 1_000
/** A page ends early when its records have more characters than this, since one record may have a mebibyte. */
const maxCharacters = 1_000_000

/** Reads one record, which may be deleted. @throws OaiError */
export async function getRecord(parts: DescribedParts, asked: OaiArguments): Promise<OaiContent[]> {
  const format = formatOf(asked.metadataPrefix)
  const item = await readHarvestItem(parts.db, uriOf(parts, asked.identifier ?? ''))
  const [described] = item && !item.gone ? await describeDatasets(parts, [item.uri]) : []
  if (!item || (!item.gone && !described)) throw noSuchRecord()
  return [record(parts, item, { described, format })]
}

/** Checks that there is a record with this identifier, for ListMetadataFormats. @throws OaiError */
export async function requireRecord(parts: DescribedParts, identifier: string): Promise<void> {
  if (!(await readHarvestItem(parts.db, uriOf(parts, identifier)))) throw noSuchRecord()
}

/** Reads a page of headers or of whole records, and the token of the next page. @throws OaiError */
export async function listRecords(parts: DescribedParts, asked: OaiArguments): Promise<OaiContent[]> {
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
  const listed = isWhole ? await records(parts, items, format) : items.map((item) => header(parts, item))
  const token = next && writeToken(asked.verb, { prefix: format.prefix, from, until, set, after: next })
  // The last of several pages ends with an empty token (section 3.5).
  return [...listed, ...(token || after ? [element('resumptionToken', {}, token)] : [])]
}

async function records(
  parts: DescribedParts,
  items: readonly HarvestItem[],
  format: MetadataFormat,
): Promise<OaiContent[]> {
  const present = items.flatMap(({ uri, gone }) => (gone ? [] : [uri]))
  const described = new Map((await describeDatasets(parts, present)).map((one) => [one.uri, one]))
  return items.flatMap((item) => {
    const found = described.get(item.uri)
    // The record was hidden after the page was read; it will be listed again as deleted.
    if (!item.gone && !found) return []
    return [record(parts, item, { described: found, format })]
  })
}

function record(
  parts: DescribedParts,
  item: HarvestItem,
  { described, format }: { described: Described | undefined; format: MetadataFormat },
): OaiRecord {
  return { header: header(parts, item), ...(described && { described }), metadataPrefix: format.prefix }
}

function header(parts: DescribedParts, { uri, changedAt, gone, sets }: HarvestItem): Element {
  return element(
    'header',
    { status: gone ? 'deleted' : undefined },
    text('identifier', oaiIdentifier(parts, uri)),
    text('datestamp', toSeconds(changedAt)),
    ...sets.map((set) => text('setSpec', setSpecOf(set))),
  )
}

/** Cuts an instant to the granularity of this repository, which is seconds. */
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

/** Writes everything that the next page needs into its token, so that nothing is kept here and no token expires. */
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
  return new OaiError(
    'idDoesNotExist',
    'There is no such record here. An identifier is oai:HOST: followed by the AT-URI of a dataset without at://.',
  )
}
