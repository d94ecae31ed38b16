import type { getTorrentFiles as schema } from '@holdfast/lexicons'
import { readFiles } from '../../catalog/views/torrents/file-views.ts'
import type { Db } from '../../store/sql.ts'
import type { Answer } from '../serve.ts'
import { verifiedContent } from '../verified-content.ts'

/** Answers with a page of the file list of verified content. */
export function getTorrentFiles(db: Db): Answer<typeof schema.main> {
  return async ({ params }) => {
    const { contentId, fileCount, filesIndexed } = await verifiedContent(db, params)
    return { ...(await readFiles(db, contentId, params)), fileCount, truncated: filesIndexed < fileCount }
  }
}
