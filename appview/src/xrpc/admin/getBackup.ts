import { createReadStream } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { admin } from '@holdfast/lexicons'
import { writeBackupFile } from '../../store/backup-file.ts'
import type { Db } from '../../store/sql.ts'
import type { Answer } from '../serve.ts'

/**
 * Answers with a backup. It is written to a temporary file first, so that a slow reader does not keep the store's transaction
 * open.
 */
export function getBackup(db: Db, version: string): Answer<typeof admin.getBackup.main> {
  return async () => {
    const folder = await mkdtemp(join(tmpdir(), 'holdfast-backup-'))
    const remove = () => rm(folder, { recursive: true, force: true })
    try {
      const path = join(folder, 'backup.gz')
      await writeBackupFile(db, path, { version })
      const stream = createReadStream(path)
      stream.once('close', remove)
      // The XRPC server passes on a stream, for which the lexicon has no type.
      return stream as never
    } catch (error) {
      await remove()
      throw error
    }
  }
}
