import { sql } from 'drizzle-orm'
import { shown } from '../../shown.ts'

/** The most torrents of a dataset that are looked at. */
export const mostNamingTorrents = 1_000
/** Among how many records they are looked for, visible or not. */
const mostRecords = 5_000

/**
 * The visible torrents that name the dataset `d`, as rows of `catalog.torrent`. Anybody may name a dataset in any number of
 * torrents, so of very many only the oldest are looked at. Each is looked up by its key: a join may read whole tables.
 */
export const namingTorrents = sql`(
  SELECT t.* FROM (
    SELECT torrent_id FROM catalog.torrent_dataset WHERE dataset_uri = d.uri ORDER BY torrent_id LIMIT ${mostRecords}::int) AS td
  CROSS JOIN LATERAL (SELECT * FROM catalog.torrent t WHERE t.id = td.torrent_id AND ${shown('t')} LIMIT 1) AS t
  ORDER BY td.torrent_id LIMIT ${mostNamingTorrents}::int)`
