import { sql } from 'drizzle-orm'
import { anyIdOf, type Db, recordset, rows } from '../../sql.ts'
import { analyse } from '../query/words.ts'
import { baseOf, samplesOf } from './codes.ts'
import { codesOfFields, type FieldRule, pairsOf } from './impacts.ts'
import { codesText } from './term-writes.ts'

const rules = {
  name: { weight: 6, usualWords: 6, lengthPenalty: 0.4, keepStopWords: true },
  paths: { weight: 1, usualWords: 60, lengthPenalty: 0.3 },
} satisfies Record<string, FieldRule>

/** Words of the first files are enough to find a torrent by. */
const pathTextLimit = 100_000
const indexedPaths = 10_000
/** Of neighbouring words in file paths; enough for a phrase in any but the largest torrents. */
const mostPairs = 2_000

/** The codes a torrent record is found by: its name, and the paths of its files once its metainfo is verified. */
export function torrentCodes(torrent: {
  uri: string
  did: string
  name: string
  paths: readonly string[]
}): number[] {
  const paths = torrent.paths.join(' \n ').slice(0, pathTextLimit)
  const files = analyse(paths)
  const name = analyse(torrent.name)
  const words = codesOfFields([
    { rule: rules.name, text: name },
    { rule: rules.paths, text: files },
  ])
  const exact = [
    'all:',
    `author:${torrent.did}`,
    ...pairsOf(name),
    ...pairsOf(files).slice(0, mostPairs),
  ].map(baseOf)
  return [...new Set([...words, ...exact, ...samplesOf(torrent.uri)])].sort((a, b) => a - b)
}

/** Writes the codes of verified torrents anew, now that the names and paths of their files are known. */
export async function refreshTorrentCodes(tx: Db, torrentIds: readonly number[]): Promise<void> {
  if (torrentIds.length === 0) return
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
    FROM catalog.torrent t JOIN catalog.content c ON c.id = t.content_id WHERE t.id = ${anyIdOf(torrentIds)}`,
  )
  const input = found.map(({ id, uri, did, name, inside, paths }) => {
    const whole = name === inside ? name : `${name} \n ${inside}`
    return { id, codes: codesText(torrentCodes({ uri, did, name: whole, paths: paths?.split('\n') ?? [] })) }
  })
  await tx.execute(sql`
    UPDATE catalog.torrent AS t SET codes = input.codes::bigint[]
    FROM ${recordset(input, 'id bigint, codes text')} WHERE t.id = input.id`)
}
