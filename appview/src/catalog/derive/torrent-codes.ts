import { sql } from 'drizzle-orm'
import { codesText } from '../../search-terms/term-writes.ts'
import { torrentCodes } from '../../search-terms/torrent-terms.ts'
import { anyIdOf, type Db, recordset, rows } from '../../store/sql.ts'
import type { Touched } from './touched.ts'

/** How many paths of a torrent are read; no more files of a torrent are stored. */
const indexedPaths = 10_000

/** Rewrites the codes of newly verified torrents, for which the names and paths of their files are now known. */
export async function refreshTorrentCodes(tx: Db, { verifiedTorrents }: Touched): Promise<void> {
  if (verifiedTorrents.size === 0) return
  const found = await rows<{
    id: number
    uri: string
    did: string
    name: string
    inside: string
    paths: string | null
  }>(
    tx,
    sql`
    SELECT t.id, t.uri, t.did, t.name, c.name AS inside, (
      SELECT string_agg(path, E'\\n' ORDER BY position) FROM (
        SELECT path, position FROM catalog.file f WHERE f.content_id = c.id ORDER BY position LIMIT ${indexedPaths}) AS first
    ) AS paths
    FROM catalog.torrent t JOIN catalog.content c ON c.id = t.content_id WHERE t.id = ${anyIdOf([...verifiedTorrents])}`,
  )
  const input = found.map(({ id, uri, did, name, inside, paths }) => {
    const whole = name === inside ? name : `${name} \n ${inside}`
    return { id, codes: codesText(torrentCodes({ uri, did, name: whole, paths: paths?.split('\n') ?? [] })) }
  })
  await tx.execute(sql`
    UPDATE catalog.torrent AS t SET codes = input.codes::bigint[]
    FROM ${recordset(input, 'id bigint, codes text')} WHERE t.id = input.id`)
}
