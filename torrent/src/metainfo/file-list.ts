import { kindAt } from '../bencode.ts'
import { type FileEntry, FileKeys, readFile } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { readPath } from './paths.ts'

/** Walks `info.files` (BEP 3, pad files and symlinks of BEP 47) in order, pads included. Throws MetainfoError. */
export function* walkFileList(bytes: Uint8Array, filesAt: number): Generator<FileEntry> {
  const keys = new FileKeys()
  let index = 0
  const field = () => `info.files[${index}]`
  const pathField = () => `info.files[${index}].path`
  for (let at = filesAt + 1; bytes[at] !== END; index++) {
    if (kindAt(bytes, at) !== 'dictionary') throw new MetainfoError(field(), 'is not a dictionary')
    at = keys.read(bytes, at)
    const path = entryPath(bytes, keys, pathField)
    const file = readFile(bytes, keys, { path, field })
    if (path.length === 0) {
      if (!file.isPad) throw new MetainfoError(pathField(), 'is missing or empty')
      path.push('.pad', String(file.sizeBytes))
    }
    // BitComet's pads carry a name instead of an attribute.
    yield path.at(-1)!.startsWith('_____padding_file_') ? { ...file, isPad: true } : file
  }
}

/** The single file of a v1 torrent without `files` (BEP 3). */
export function singleFile(bytes: Uint8Array, infoAt: number, name: string): FileEntry {
  const keys = new FileKeys()
  keys.read(bytes, infoAt)
  return readFile(bytes, keys, { path: [name], field: () => 'info.length' })
}

const END = 0x65

function entryPath(bytes: Uint8Array, keys: FileKeys, field: () => string): string[] {
  for (const key of ['path.utf-8', 'path'] as const) {
    const listAt = keys.at(key)
    if (listAt < 0 || kindAt(bytes, listAt) !== 'list') continue
    const path = readPath(bytes, listAt, field)
    // A path of dots alone still names a file.
    if (path.length === 0 && bytes[listAt + 1] !== END) path.push('_')
    return path
  }
  return []
}
