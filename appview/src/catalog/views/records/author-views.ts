import type { defs } from '@holdfast/lexicons'
import { type SQL, sql } from 'drizzle-orm'

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
    LEFT JOIN catalog.profile p ON p.did = ${did} AND p.visible)`
}

/** The account as others see it. */
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

/** Domains under which large hosts hand out names; smaller ones are known by their PDS's own name. */
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
 * Whether a verified handle is a domain of the account's own. Below a provider's domain, or below the domain
 * its PDS stands under, a name says only that the host gave it out.
 */
function isOwnDomain(handle: string, pdsHost: string | null): boolean {
  const host = pdsHost?.replace(/^https?:\/\//, '').replace(/[:/].*$/, '') ?? ''
  const parent = host.split('.').length > 2 ? host.slice(host.indexOf('.') + 1) : host
  const isBelow = (domain: string) => domain !== '' && handle.endsWith(`.${domain}`)
  return ![...providers, host, parent].some(isBelow)
}
