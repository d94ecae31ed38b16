import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../../sql.ts'

/** The licence of each of these datasets, as its record names it; hidden ones and those without are absent. */
export async function readLicenses(db: Db, datasetUris: readonly string[]): Promise<Map<string, string>> {
  if (datasetUris.length === 0) return new Map()
  const found = await rows<{ uri: string; license: string }>(
    db,
    sql`SELECT uri, license FROM catalog.dataset WHERE uri = ${anyOf(datasetUris)} AND visible AND license IS NOT NULL`,
  )
  return new Map(found.map(({ uri, license }) => [uri, license]))
}
