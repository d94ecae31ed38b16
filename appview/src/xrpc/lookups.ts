import { resolveAccount } from '../catalog/read/account.ts'
import type { Db } from '../store/sql.ts'
import { CallerError } from './caller-error.ts'

/** The DID of an author named by DID or handle. @throws CallerError AuthorNotFound */
export async function resolveAuthor(db: Db, author: string): Promise<string> {
  const did = await resolveAccount(db, author)
  if (did === undefined)
    throw new CallerError(
      'AuthorNotFound',
      `This server knows no account with the handle ${author}. Use its DID.`,
    )
  return did
}

/** The error for an AT-URI or an infohash of which there is no visible record. */
export function nothingVisible({ uri, infoHash }: { uri?: string; infoHash?: string }): CallerError {
  return infoHash === undefined
    ? new CallerError(
        'RecordNotFound',
        `No visible record has the AT-URI ${uri}. To learn why, run: holdfast status ${uri}`,
      )
    : new CallerError('ContentNotFound', 'No visible record names content with this infohash.')
}

/** The AT-URI with a DID as its authority, as records are stored; undefined for an unknown handle. */
export async function resolveUri(db: Db, uri: string): Promise<string | undefined> {
  const [authority, ...path] = uri.slice('at://'.length).split('/')
  if (authority === undefined || authority.startsWith('did:')) return uri
  const did = await resolveAccount(db, authority)
  return did && `at://${[did, ...path].join('/')}`
}
