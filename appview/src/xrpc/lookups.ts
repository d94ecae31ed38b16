import type { Db } from '../catalog/sql.ts'
import { resolveAccount } from '../catalog/views/accounts.ts'
import { CallerError } from './caller-error.ts'

/** The DID of an author named by DID or handle. @throws CallerError AuthorNotFound */
export async function resolveAuthor(db: Db, author: string): Promise<string> {
  const did = await resolveAccount(db, author)
  if (did === undefined)
    throw new CallerError('AuthorNotFound', `The handle ${author} is of no account this server knows.`)
  return did
}

/** An AT-URI with its authority as a DID, as records are kept; undefined for a handle nobody here has. */
export async function resolveUri(db: Db, uri: string): Promise<string | undefined> {
  const [authority, ...path] = uri.slice('at://'.length).split('/')
  if (authority === undefined || authority.startsWith('did:')) return uri
  const did = await resolveAccount(db, authority)
  return did && `at://${[did, ...path].join('/')}`
}
