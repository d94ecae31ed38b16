import { sql } from 'drizzle-orm'
import { type Db, rows, storable } from '../../../store/sql.ts'

/** One line of a directory inside a torrent: a file, or a directory with what is below it. */
export interface DirectoryEntry {
  name: string
  isDirectory: boolean
  sizeBytes: number
  /** The number of files below it; 1 for a file. */
  files: number
}

/**
 * Reads the entries of a directory of a content, directories first. `path` is empty for the root, otherwise it ends with a
 * slash. Only indexed files are listed.
 */
export async function readDirectory(
  db: Db,
  contentId: number,
  { path, limit, offset }: { path: string; limit: number; offset: number },
): Promise<{ entries: DirectoryEntry[]; total: number }> {
  const prefix = storable(path)
  const found = await rows<DirectoryEntry & { total: number } & Record<string, unknown>>(
    db,
    sql`
    SELECT name, directory AS "isDirectory", sum(size_bytes)::bigint AS "sizeBytes", count(*)::int AS files,
      (count(*) OVER ())::int AS total
    FROM (
      SELECT split_part(below, '/', 1) AS name, strpos(below, '/') > 0 AS directory, size_bytes
      FROM (
        SELECT substr(path, length(${prefix}::text) + 1) AS below, size_bytes FROM catalog.file
        WHERE content_id = ${contentId} AND starts_with(path, ${prefix}::text)
      ) AS inside
    ) AS entries
    GROUP BY name, directory ORDER BY directory DESC, name LIMIT ${limit} OFFSET ${offset}`,
  )
  return {
    total: found[0]?.total ?? 0,
    entries: found.map(({ name, isDirectory, sizeBytes, files }) => ({
      name,
      isDirectory,
      sizeBytes,
      files,
    })),
  }
}
