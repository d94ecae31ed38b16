import { AtUri } from '@atproto/syntax'
import { type Authorities, canonicalCollection } from '@holdfast/lexicons/authority'
import type { Collection } from '@holdfast/lexicons/nsid'
import { Failure } from '../failure.ts'

/** An AT-URI of one of our records; `authority` may be a handle. */
export interface RecordUri {
  readonly authority: string
  readonly collection: Collection
  readonly rkey: string
}

/** Reads an AT-URI; throws a Failure that shows the form. */
export function parseRecordUri(text: string, authorities: Authorities): RecordUri {
  let uri: AtUri
  try {
    uri = new AtUri(text.trim())
  } catch {
    throw new Failure('usage', `${text} is no AT-URI; write at://DID/COLLECTION/KEY.`)
  }
  const collection = canonicalCollection(uri.collection, authorities)
  if (!collection || !uri.rkey)
    throw new Failure('usage', `${text} does not name a record of ours (${authorities.join(', ')}).`)
  return { authority: uri.host, collection, rkey: uri.rkey }
}
