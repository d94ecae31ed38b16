/**
 * Conditions for what may be shown: records with the flag that `visibility.ts` derives, except those of veiled accounts. An
 * account is veiled when it was denied, deactivated or deleted a moment ago, until the flags of its records have been updated
 * (`catalog/sweeps.ts`). Every query whose result is shown to somebody uses a condition of this file. Veiled accounts are
 * read once in a query, and there are nearly always none.
 */
import { type SQL, sql } from 'drizzle-orm'

const veiledDids = sql.raw('ARRAY(SELECT subject FROM catalog.sweep WHERE veiled)')

/** Whether a row of `record` or of a projection may be shown. The alias may be omitted if no other table in the query has a `did`. */
export function shown(alias?: string): SQL {
  return sql`(${column(alias, 'visible')} AND ${unveiled(alias)})`
}

/** Like {@link shown}, but written as in the definition of the indexes of codes (`schema/catalog/table.ts`), so that they are used. */
export function shownByCode(alias: string): SQL {
  return sql`(${column(alias, 'visible')}::int = 1 AND ${unveiled(alias)})`
}

/** Whether a content may be announced; while accounts are veiled, this checks that a shown record names it. */
export function shownContent(alias: string): SQL {
  return sql`(${column(alias, 'announced')} AND (NOT EXISTS (SELECT FROM catalog.sweep WHERE veiled) OR EXISTS (
    SELECT FROM catalog.torrent naming WHERE naming.content_id = ${column(alias, 'id')}
      AND naming.metainfo_status = 'verified' AND ${shown('naming')})))`
}

/**
 * Whether an account is not veiled. Checked once, before its rows are read; otherwise all of them would be read in order to
 * find that none may be shown.
 */
export function shownAccount(did: string): SQL {
  return sql`NOT EXISTS (SELECT FROM catalog.sweep WHERE veiled AND subject = ${did})`
}

/** The DIDs of all veiled accounts in order, as a JSON array; null if there are none. */
export const veiledAccounts: SQL = sql`(SELECT jsonb_agg(subject ORDER BY subject) FROM catalog.sweep WHERE veiled)`

/** Whether the account of a row is not veiled, whatever else may hide the row. */
export function unveiled(alias?: string): SQL {
  return sql`${column(alias, 'did')} <> ALL (${veiledDids})`
}

function column(alias: string | undefined, name: string): SQL {
  return sql.raw(alias === undefined ? name : `${alias}.${name}`)
}
