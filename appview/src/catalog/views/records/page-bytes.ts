import { sql } from 'drizzle-orm'
import { anyOf, type Db, rows } from '../../../store/sql.ts'

/** A page of records is at most this large, unless its first record alone is larger. */
export const maxPageBytes = 1_000_000

/** How many of these records, from the first, are at most `maxBytes` together; at least one. */
export async function countWithinBytes(db: Db, uris: readonly string[], maxBytes: number): Promise<number> {
  const sizes = new Map<string, number>()
  const found = await rows<{ uri: string; size: number }>(
    db,
    sql`SELECT uri, size_bytes AS size FROM catalog.record WHERE uri = ${anyOf(uris)}`,
  )
  for (const { uri, size } of found) sizes.set(uri, size)
  let bytes = 0
  const over = uris.findIndex((uri, n) => {
    bytes += sizes.get(uri) ?? 0
    return n > 0 && bytes > maxBytes
  })
  return over < 0 ? uris.length : over
}

/**
 * Reads a page whose records have at most {@link maxPageBytes} together: if they have more, a shorter one is read, whose cursor
 * leads on. Otherwise a hundred records of a megabyte would hold the event loop for seconds.
 */
export async function readWithinBytes<Page>(
  db: Db,
  limit: number,
  { read, urisOf }: { read: (limit: number) => Promise<Page>; urisOf: (page: Page) => readonly string[] },
): Promise<Page> {
  const page = await read(limit)
  const uris = urisOf(page)
  const fit = await countWithinBytes(db, uris, maxPageBytes)
  return fit < uris.length ? read(fit) : page
}
