import { AtUri } from '@atproto/syntax'
import { type Authorities, canonicalCollection } from '@holdfast/lexicons/authority'
import { describesDatasets, type ForeignCollection, isForeign } from '@holdfast/lexicons/foreign'
import type { Collection } from '@holdfast/lexicons/nsid'
import { CommandError } from '../command-error.ts'

/** The AT-URI of a record in one of our collections; `authority` may be a handle. */
export interface RecordUri<C extends Collection | ForeignCollection = Collection> {
  readonly authority: string
  readonly collection: C
  readonly rkey: string
}

/** Parses the AT-URI of a record of ours; throws a CommandError that shows the form. */
export function parseRecordUri(text: string, authorities: Authorities): RecordUri {
  const uri = parse(text)
  const collection = canonicalCollection(uri.collection, authorities)
  if (!collection || !uri.rkey)
    throw new CommandError('usage', `${text} does not name a Holdfast record (${authorities.join(', ')}).`)
  return { authority: uri.host, collection, rkey: uri.rkey }
}

/** Parses the AT-URI of a record of ours, or of a foreign one that AppViews read as a dataset. */
export function parseReadableUri(
  text: string,
  authorities: Authorities,
): RecordUri<Collection | ForeignCollection> {
  const { host, collection, rkey } = parse(text)
  return isForeign(collection) && rkey
    ? { authority: host, collection, rkey }
    : parseRecordUri(text, authorities)
}

/** Parses the AT-URI of a dataset record, ours or a foreign one. */
export function parseDatasetUri(
  text: string,
  authorities: Authorities,
): RecordUri<Collection | ForeignCollection> {
  const uri = parseReadableUri(text, authorities)
  if (!describesDatasets(uri.collection)) throw new CommandError('usage', `${text} is not a dataset.`)
  return uri
}

function parse(text: string): AtUri {
  try {
    return new AtUri(text.trim())
  } catch {
    throw new CommandError('usage', `${text} is not an AT-URI; write at://DID/COLLECTION/KEY.`)
  }
}
