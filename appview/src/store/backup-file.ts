import { createReadStream } from 'node:fs'
import type { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { createGunzip, createGzip } from 'node:zlib'
import { openNewFile } from '@holdfast/runtime/new-file'
import { OperatorError } from '@holdfast/runtime/operator-error'
import { type RowCounts, writeBackup } from './backup.ts'
import type { Db } from './sql.ts'

/** Writes a backup, compressed with gzip, into a new file. `settings` are what was in force, for people to read. */
export async function writeBackupFile(
  db: Db,
  path: string,
  about: { version: string; settings?: string },
): Promise<RowCounts> {
  const gzip = createGzip()
  const file = await openNewFile(path)
  const written = pipeline(gzip, file.createWriteStream({ flush: true }))
  const write = async (line: string) => {
    if (gzip.write(`${line}\n`)) return
    await Promise.race([new Promise((resolve) => gzip.once('drain', resolve)), written])
  }
  try {
    if (about.settings !== undefined) await write(JSON.stringify({ settings: about.settings }))
    const counts = await writeBackup(db, about.version, write)
    gzip.end()
    await written
    return counts
  } catch (error) {
    gzip.destroy()
    await written.catch(() => {})
    throw error
  }
}

/** The lines of a backup file. @throws OperatorError, also while it is read, when it is not compressed with gzip */
export function openBackupFile(path: string): Readable {
  const gunzip = createGunzip()
  pipeline(createReadStream(path), gunzip).catch((cause: NodeJS.ErrnoException) => {
    const why = cause.code === 'ENOENT' ? 'there is no such file' : cause.message
    gunzip.destroy(
      new OperatorError(`Cannot read the backup ${path}: ${why}. Nothing was changed.`, { cause }),
    )
  })
  return gunzip
}
