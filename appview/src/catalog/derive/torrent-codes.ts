import { sql } from 'drizzle-orm'
import { codesText } from '../../search-terms/term-writes.ts'
import { pathTextLimit, torrentCodes } from '../../search-terms/torrent-terms.ts'
import { anyIdOf, type Db, recordset, rows } from '../../store/sql.ts'
import { createTurns } from '../../threads/turns.ts'
import type { Touched } from './touched.ts'

/** How many paths of a content are read; no more files of a content are stored. */
const indexedPaths = 10_000
/**
 * So many records of a content, the oldest, are found by all of its indexed paths; others, of which a stranger can make any
 * number in a few hundred bytes each, by the first paths.
 */
const fullyIndexed = 10
const shortTextLimit = 4_000
const contentsAtOnce = 50
/** The length of the codes that are written by one statement, as text; a record may have more. */
const codesAtOnce = 2_000_000

interface Verified extends Record<string, unknown> {
  id: number
  uri: string
  did: string
  name: string
  content: number
  inside: string
  isLate: boolean
}

/** Rewrites the codes of newly verified torrents, for which the names and paths of their files are now known. */
export async function refreshTorrentCodes(tx: Db, { verifiedTorrents }: Touched): Promise<void> {
  if (verifiedTorrents.size === 0) return
  const found = await rows<Verified>(
    tx,
    sql`
    SELECT t.id, t.uri, t.did, t.name, c.id AS content, c.name AS inside, EXISTS (
      SELECT FROM catalog.torrent o WHERE o.content_id = c.id AND o.id < t.id ORDER BY o.id OFFSET ${fullyIndexed - 1}) AS "isLate"
    FROM catalog.torrent t JOIN catalog.content c ON c.id = t.content_id WHERE t.id = ${anyIdOf([...verifiedTorrents])}`,
  )
  const byContent = [...Map.groupBy(found, ({ content }) => content)]
  const turns = createTurns()
  let input: { id: number; codes: string }[] = []
  let length = 0
  for (let at = 0; at < byContent.length; at += contentsAtOnce) {
    const contents = byContent.slice(at, at + contentsAtOnce)
    const paths = await readPaths(
      tx,
      contents.map(([id]) => id),
    )
    for (const { id, uri, did, name, content, inside, isLate } of contents.flatMap(([, its]) => its)) {
      const whole = name === inside ? name : `${name} \n ${inside}`
      const its = paths.get(content) ?? []
      const codes = codesText(torrentCodes({ uri, did, name: whole, paths: isLate ? firstOf(its) : its }))
      input.push({ id, codes })
      length += codes.length
      if (length > codesAtOnce) {
        await writeCodes(tx, input)
        input = []
        length = 0
      }
      await turns.pass()
    }
  }
  await writeCodes(tx, input)
}

/** The first paths of each content, as many as are indexed at most. */
async function readPaths(tx: Db, contentIds: readonly number[]): Promise<ReadonlyMap<number, string[]>> {
  const found = await rows<{ id: number; paths: string | null }>(
    tx,
    sql`
    SELECT c.id, (
      SELECT string_agg(path, E'\n' ORDER BY position) FROM (
        SELECT path, position, sum(length(path)) OVER (ORDER BY position) - length(path) AS before FROM (
          SELECT path, position FROM catalog.file f WHERE f.content_id = c.id ORDER BY position LIMIT ${indexedPaths}
        ) AS first
      ) AS measured WHERE before < ${pathTextLimit}
    ) AS paths
    FROM catalog.content c WHERE c.id = ${anyIdOf(contentIds)}`,
  )
  return new Map(found.map(({ id, paths }) => [id, paths?.split('\n') ?? []]))
}

function firstOf(paths: readonly string[]): string[] {
  let length = 0
  return paths.filter((path) => {
    length += path.length
    return length <= shortTextLimit
  })
}

async function writeCodes(tx: Db, input: readonly { id: number; codes: string }[]): Promise<void> {
  if (input.length === 0) return
  await tx.execute(sql`
    UPDATE catalog.torrent AS t SET codes = input.codes::bigint[]
    FROM ${recordset(input, 'id bigint, codes text')} WHERE t.id = input.id`)
}
