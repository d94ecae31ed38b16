/** What feeds and the home page show about records, besides their views. */
import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows, toInstant } from '../../store/sql.ts'
import { shown } from '../shown.ts'

/** Reads the visible datasets that this index saw first most recently. */
export async function readNewestDatasetUris(db: Db, limit: number): Promise<string[]> {
  const found = await rows<{ uri: string }>(
    db,
    sql`SELECT uri FROM catalog.dataset WHERE ${shown()} ORDER BY indexed_at DESC, id DESC LIMIT ${limit}`,
  )
  return found.map(({ uri }) => uri)
}

/** Reads when records were last edited (ISO 8601), by AT-URI; records that were never edited are absent. */
export async function readEdits(db: Db, uris: readonly string[]): Promise<Map<string, string>> {
  if (uris.length === 0) return new Map()
  const found = await rows<{ uri: string; at: string }>(
    db,
    sql`SELECT uri, changed_at::text AS at FROM local.first_seen WHERE uri = ${anyOf(uris)} AND changed_at > at`,
  )
  return new Map(found.map(({ uri, at }) => [uri, toInstant(at)]))
}

/** Reads the license that each of these datasets names; hidden datasets, and those without a license, are absent. */
export async function readLicenses(db: Db, datasetUris: readonly string[]): Promise<Map<string, string>> {
  if (datasetUris.length === 0) return new Map()
  const found = await rows<{ uri: string; license: string }>(
    db,
    sql`SELECT uri, license FROM catalog.dataset WHERE uri = ${anyOf(datasetUris)} AND ${shown()} AND license IS NOT NULL`,
  )
  return new Map(found.map(({ uri, license }) => [uri, license]))
}
