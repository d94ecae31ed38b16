import { kindAt } from '../bencode.ts'
import { type FileEntry, FileKeys, readFile } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { type PathLimits, readPath } from './paths.ts'

/**
 * Iterates over `info.files` (BEP 3, with pad files and symlinks of BEP 47) in order, including pad files. Throws
 * MetainfoError.
 */
export function* walkFileList(bytes: Uint8Array, filesAt: number, limits: PathLimits): Generator<FileEntry> {
  const keys = new FileKeys()
  let index = 0
  const field = () => `info.files[${index}]`
  const pathField = () => `info.files[${index}].path`
  for (let at = filesAt + 1; bytes[at] !== end; index++) {
    if (kindAt(bytes, at) !== 'dictionary') throw new MetainfoError(field(), 'is not a dictionary')
    at = keys.read(bytes, at)
    const path = entryPath(bytes, keys, { limits, field: pathField })
    const file = readFile(bytes, keys, { path, limits, field })
    if (path.length === 0) {
      if (!file.isPad) throw new MetainfoError(pathField(), 'is missing or empty')
      path.push('.pad', String(file.sizeBytes))
    }
    // BitComet marks pad files by their name instead of an attribute.
    yield path.at(-1)!.startsWith('_____padding_file_') ? { ...file, isPad: true } : file
  }
}

/** The single file of a v1 torrent without `files` (BEP 3). */
export function singleFile(
  bytes: Uint8Array,
  infoAt: number,
  { name, limits }: { name: string; limits: PathLimits },
): FileEntry {
  const keys = new FileKeys()
  keys.read(bytes, infoAt)
  return readFile(bytes, keys, { path: [name], limits, field: () => 'info.length' })
}

const end = 0x65

function entryPath(
  bytes: Uint8Array,
  keys: FileKeys,
  { limits, field }: { limits: PathLimits; field: () => string },
): string[] {
  for (const key of ['path.utf-8', 'path'] as const) {
    const listAt = keys.at(key)
    if (listAt < 0 || kindAt(bytes, listAt) !== 'list') continue
    const path = readPath(bytes, listAt, limits, field)
    // A path that consists only of dots still names a file.
    if (path.length === 0 && bytes[listAt + 1] !== end) path.push('_')
    return path
  }
  return []
}
