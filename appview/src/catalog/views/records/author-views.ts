import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'
import { shown } from '../../shown.ts'

export interface AuthorRow {
  did: string
  handle: string | null
  pdsHost: string | null
  displayName: string | null
  kind: string | null
}

/** An {@link AuthorRow} as JSON, for the account that this SQL expression names. */
export function authorJson(did: SQL): SQL {
  return sql`(
    SELECT jsonb_build_object('did', ${did}, 'handle', a.handle, 'pdsHost', a.pds_host,
      'displayName', p.display_name, 'kind', p.kind)
    FROM (SELECT) AS one LEFT JOIN catalog.account a ON a.did = ${did}
    LEFT JOIN catalog.profile p ON p.did = ${did} AND ${shown('p')})`
}

/** Makes the public view of an account. */
export function toAuthorView(row: AuthorRow): defs.AuthorView {
  return {
    did: row.did as defs.AuthorView['did'],
    ...(row.handle && {
      handle: row.handle as NonNullable<defs.AuthorView['handle']>,
      domainVerified: isOwnDomain(row.handle, row.pdsHost),
    }),
    ...(row.displayName && { displayName: row.displayName }),
    ...(row.kind && { kind: row.kind }),
  }
}

/** Domains below which large hosts give handles to accounts; those of smaller hosts follow from the name of the PDS. */
const providers = [
  'bsky.social',
  'brid.gy',
  'blacksky.app',
  'northsky.social',
  'tngl.sh',
  'test',
  'localhost',
]

/**
 * Whether a verified handle is a domain that the account owns. A name below a provider's domain, or below the domain of its
 * PDS, was only given to it by its host.
 */
function isOwnDomain(handle: string, pdsHost: string | null): boolean {
  const host = pdsHost?.replace(/^https?:\/\//, '').replace(/[:/].*$/, '') ?? ''
  const parent = host.split('.').length > 2 ? host.slice(host.indexOf('.') + 1) : host
  const isBelow = (domain: string) => domain !== '' && handle.endsWith(`.${domain}`)
  return ![...providers, host, parent].some(isBelow)
}
