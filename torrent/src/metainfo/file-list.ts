import { findKey, kindAt, listItems } from '../bencode.ts'
import { type FileEntry, readAttributes } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { readPath } from './paths.ts'

/** Walks `info.files` (BEP 3, pad files and symlinks of BEP 47) in order, pads included. Throws MetainfoError. */
export function* walkFileList(bytes: Uint8Array, filesAt: number): Generator<FileEntry> {
  let index = 0
  for (const at of listItems(bytes, filesAt)) {
    const position = index++
    const field = () => `info.files[${position}]`
    if (kindAt(bytes, at) !== 'dictionary') throw new MetainfoError(field(), 'is not a dictionary')
    const path = entryPath(bytes, at, () => `${field()}.path`)
    const entry = { path, piecesRoot: null, ...readAttributes(bytes, at, { path, field }) }
    if (path.length === 0) {
      if (!entry.isPad) throw new MetainfoError(`${field()}.path`, 'is missing or empty')
      path.push('.pad', String(entry.sizeBytes))
    }
    // BitComet's pads carry a name instead of an attribute.
    const isPad = entry.isPad || path.at(-1)!.startsWith('_____padding_file_')
    yield { ...entry, isPad }
  }
}

/** The single file of a v1 torrent without `files` (BEP 3). */
export function singleFile(bytes: Uint8Array, infoAt: number, name: string): FileEntry {
  const path = [name]
  return { path, piecesRoot: null, ...readAttributes(bytes, infoAt, { path, field: () => 'info.length' }) }
}

function entryPath(bytes: Uint8Array, at: number, field: () => string): string[] {
  for (const key of ['path.utf-8', 'path']) {
    const listAt = findKey(bytes, at, key)
    if (listAt < 0 || kindAt(bytes, listAt) !== 'list') continue
    const path = readPath(bytes, listAt, field)
    // A path of dots alone still names a file.
    if (path.length === 0 && bytes[listAt + 1] !== 0x65) path.push('_')
    return path
  }
  return []
}
