import { AtUri } from '@atproto/syntax'
import { type Authorities, canonicalCollection } from '@holdfast/lexicons/authority'
import { describesDatasets, type ForeignCollection, isForeign } from '@holdfast/lexicons/foreign'
import type { Collection } from '@holdfast/lexicons/nsid'
import { Failure } from '../failure.ts'

/** An AT-URI of one of our records; `authority` may be a handle. */
export interface RecordUri<C extends Collection | ForeignCollection = Collection> {
  readonly authority: string
  readonly collection: C
  readonly rkey: string
}

/** Reads the AT-URI of a record of ours; throws a Failure that shows the form. */
export function parseRecordUri(text: string, authorities: Authorities): RecordUri {
  const uri = parse(text)
  const collection = canonicalCollection(uri.collection, authorities)
  if (!collection || !uri.rkey)
    throw new Failure('usage', `${text} does not name a record of ours (${authorities.join(', ')}).`)
  return { authority: uri.host, collection, rkey: uri.rkey }
}

/** The same for a record that may also be a foreign one which AppViews read as a dataset. */
export function parseReadableUri(
  text: string,
  authorities: Authorities,
): RecordUri<Collection | ForeignCollection> {
  const { host, collection, rkey } = parse(text)
  return isForeign(collection) && rkey
    ? { authority: host, collection, rkey }
    : parseRecordUri(text, authorities)
}

/** The same for a dataset, ours or a foreign one. */
export function parseDatasetUri(
  text: string,
  authorities: Authorities,
): RecordUri<Collection | ForeignCollection> {
  const uri = parseReadableUri(text, authorities)
  if (!describesDatasets(uri.collection)) throw new Failure('usage', `${text} is no dataset.`)
  return uri
}

function parse(text: string): AtUri {
  try {
    return new AtUri(text.trim())
  } catch {
    throw new Failure('usage', `${text} is no AT-URI; write at://DID/COLLECTION/KEY.`)
  }
}
