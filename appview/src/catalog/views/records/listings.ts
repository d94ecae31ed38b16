/** Pages of URIs in a plain order, keyset-paged: what the views are then read for. */
import { type SQL, sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../cursor.ts'
import { type Db, rows } from '../../sql.ts'

export interface Page {
  limit: number
  /** As {@link UriPage} gave it. */
  cursor?: string | undefined
}

export interface UriPage {
  uris: string[]
  /** Absent on the last page. */
  cursor?: string
}

/** The visible datasets by an account, newest first. @throws InvalidCursorError */
export function listDatasetUris(db: Db, by: { did: string }, page: Page): Promise<UriPage> {
  return newestFirst(db, page, {
    listing: 'datasets',
    from: sql`catalog.dataset p WHERE p.visible AND p.did = ${by.did}`,
  })
}

/** The visible torrents by an account, or of a dataset, or both, newest first. @throws InvalidCursorError */
export function listTorrentUris(
  db: Db,
  by: { did?: string | undefined; dataset?: string | undefined },
  page: Page,
): Promise<UriPage> {
  const ofDataset =
    by.dataset === undefined
      ? sql``
      : sql`JOIN catalog.torrent_dataset td ON td.torrent_id = p.id AND td.dataset_uri = ${by.dataset}`
  const byAuthor = by.did === undefined ? sql`` : sql`AND p.did = ${by.did}`
  return newestFirst(db, page, {
    listing: 'torrents',
    from: sql`catalog.torrent p ${ofDataset} WHERE p.visible ${byAuthor}`,
  })
}

async function newestFirst(
  db: Db,
  page: Page,
  { listing, from }: { listing: string; from: SQL },
): Promise<UriPage> {
  const [at, id] = page.cursor === undefined ? [] : decodeCursor(listing, page.cursor, ['instant', 'number'])
  const after = at === undefined ? sql`` : sql`AND (p.created_at, p.id) < (${at}::timestamptz, ${id})`
  const found = await rows<{ uri: string; id: number; at: string }>(
    db,
    sql`SELECT p.uri, p.id, p.created_at::text AS at FROM ${from} ${after}
        ORDER BY p.created_at DESC, p.id DESC LIMIT ${page.limit + 1}`,
  )
  const uris = found.slice(0, page.limit)
  const last = uris.at(-1)
  return {
    uris: uris.map((row) => row.uri),
    ...(found.length > page.limit && last && { cursor: encodeCursor(listing, [last.at, last.id]) }),
  }
}
