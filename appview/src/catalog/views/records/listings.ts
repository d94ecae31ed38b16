/** Pages of URIs in order of date (keyset pagination); the views are then read by these URIs. */
import { type SQL, sql } from 'drizzle-orm'
import { decodeCursor, encodeCursor } from '../../../store/page-cursor.ts'
import { type Db, rows } from '../../../store/sql.ts'
import { shown, shownAccount } from '../../shown.ts'

export interface Page {
  limit: number
  /** The cursor of the previous {@link UriPage}. */
  cursor?: string | undefined
}

export interface UriPage {
  uris: string[]
  /** Absent on the last page. */
  cursor?: string
}

/** Lists the visible datasets of an account, newest first. @throws InvalidCursorError */
export function listDatasetUris(db: Db, by: { did: string }, page: Page): Promise<UriPage> {
  return newestFirst(db, page, {
    listing: 'datasets',
    from: sql`catalog.dataset p WHERE ${shown('p')} AND p.did = ${by.did} AND ${shownAccount(by.did)}`,
  })
}

/** Lists the visible torrents of an account, of a dataset, or both, newest first. @throws InvalidCursorError */
export function listTorrentUris(
  db: Db,
  by: { did?: string | undefined; dataset?: string | undefined },
  page: Page,
): Promise<UriPage> {
  const ofDataset =
    by.dataset === undefined
      ? sql``
      : sql`JOIN catalog.torrent_dataset td ON td.torrent_id = p.id AND td.dataset_uri = ${by.dataset}`
  const byAuthor = by.did === undefined ? sql`` : sql`AND p.did = ${by.did} AND ${shownAccount(by.did)}`
  return newestFirst(db, page, {
    listing: 'torrents',
    from: sql`catalog.torrent p ${ofDataset} WHERE ${shown('p')} ${byAuthor}`,
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
