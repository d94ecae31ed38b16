import { lstatSync, type Stats, statSync } from 'node:fs'
import { setImmediate } from 'node:timers/promises'
import type { FileTable } from './file-table.ts'

/**
 * Checks everything once more after the last piece. A file that was hashed early may have changed while others were
 * hashed, and a torrent must describe what is on disk. The times of directories show what was added, removed or renamed
 * in them. Throws an Error that names what changed.
 */
export async function assertNothingChanged(files: FileTable, signal: AbortSignal | undefined): Promise<void> {
  for (const { diskPath, stamp } of files.directories) {
    const place = diskPath === '' ? '/' : diskPath
    const found = stamp && look(statSync, place)
    if (stamp && (found?.mtimeMs !== stamp.mtimeMs || found.ctimeMs !== stamp.ctimeMs)) throw changed(place)
  }
  for (let index = 0; index < files.length; index++) {
    // Gives signals and progress reports a chance to run.
    if (index % 4096 === 4095) {
      await setImmediate()
      signal?.throwIfAborted()
    }
    const { sizeBytes, mtimeMs, ctimeMs } = files.statAt(index)
    const isLink = files.isSymlinkAt(index)
    const found = look(isLink ? lstatSync : statSync, files.diskPathAt(index))
    const isAsListed =
      found?.mtimeMs === mtimeMs && found.ctimeMs === ctimeMs && (isLink || found.size === sizeBytes)
    if (!isAsListed) throw changed(files.diskPathAt(index))
  }
}

type Look = (place: string, options: { throwIfNoEntry: false }) => Stats | undefined

function look(by: Look, place: string): Stats | undefined {
  return by(place, { throwIfNoEntry: false })
}

function changed(place: string): Error {
  return new Error(`${place} changed while its torrent was made; run again when nothing writes to it.`)
}
