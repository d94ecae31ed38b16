import type { Db } from '../catalog/sql.ts'
import { type ContentHandle, findContent } from '../catalog/views/torrents/contents.ts'
import { CallerError } from './caller-error.ts'
import { parseInfoHash } from './info-hash.ts'
import { resolveUri } from './lookups.ts'

/** The verified content that a caller names. @throws CallerError NotFound, InvalidInfoHash, MetainfoUnavailable */
export async function verifiedContent(
  db: Db,
  params: { uri?: string; infoHash?: string },
): Promise<ContentHandle> {
  const lookup = await findContent(db, await toKey(db, params))
  if ('found' in lookup) return lookup.found
  if (lookup.missing === 'record')
    throw new CallerError('NotFound', 'No visible record names this content; getRecordStatus says why.')
  throw new CallerError(
    'MetainfoUnavailable',
    'The record is known, but its metainfo is not verified; getRecordStatus says how it stands.',
  )
}

async function toKey(db: Db, params: { uri?: string; infoHash?: string }) {
  if (params.infoHash !== undefined) return { infoHash: parseInfoHash(params.infoHash) }
  if (params.uri === undefined) throw new CallerError('InvalidInfoHash', 'Give uri or infoHash.')
  return { uri: (await resolveUri(db, params.uri)) ?? params.uri }
}
