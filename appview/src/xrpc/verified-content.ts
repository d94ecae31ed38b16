import { type ContentHandle, findContent } from '../catalog/views/torrents/contents.ts'
import type { Db } from '../store/sql.ts'
import { CallerError } from './caller-error.ts'
import { parseInfoHash } from './info-hash.ts'
import { nothingVisible, resolveUri } from './lookups.ts'

/** Finds the verified content that a caller names. @throws CallerError with the error names of getTorrentFiles and getMetainfo */
export async function verifiedContent(
  db: Db,
  params: { uri?: string; infoHash?: string },
): Promise<ContentHandle> {
  const lookup = await findContent(db, await toKey(db, params))
  if ('found' in lookup) return lookup.found
  if (lookup.missing === 'record') throw nothingVisible(params)
  throw new CallerError(
    'MetainfoUnavailable',
    `The record is known, but its metainfo has not been verified. To learn why, run: holdfast status ${params.uri ?? 'AT-URI'}`,
  )
}

async function toKey(db: Db, params: { uri?: string; infoHash?: string }) {
  if (params.infoHash !== undefined) return { infoHash: parseInfoHash(params.infoHash) }
  if (params.uri === undefined)
    throw new CallerError('InvalidInfoHash', 'Give one of the parameters uri and infoHash.')
  return { uri: (await resolveUri(db, params.uri)) ?? params.uri }
}
