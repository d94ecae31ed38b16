import type { Db } from '../sql.ts'

/** The parameters of `org.holdfast.findFiles`: `piecesRoot` (64 hex digits), or `path` and `sizeBytes`. */
export interface FileSearch {
  piecesRoot?: string | undefined
  path?: string | undefined
  sizeBytes?: number | undefined
  limit?: number | undefined
  cursor?: string | undefined
}

/** `org.holdfast.defs#fileHit` without its swarm. */
export interface FileHit {
  contentId: number
  path: string
  sizeBytes: number
  piecesRoot?: string
  infoHashV1?: string
  infoHashV2?: string
  /** Visible records that name the content. */
  torrents: { uri: string; cid: string }[]
}

/**
 * Finds content that visible records name and that holds a file.
 *
 * @throws SearchError InvalidQuery when neither a root nor a path with a size is given; InvalidCursor.
 */
export async function findFiles(
  _db: Db,
  _search: FileSearch,
): Promise<{ files: FileHit[]; cursor?: string }> {
  return { files: [] }
}
