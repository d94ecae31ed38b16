import { kindAt, stringSpan, valueEnd } from '../bencode.ts'
import { type FileEntry, FileKeys, readFile } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { hexOf, safeElement } from './paths.ts'

/**
 * Walks `info.file tree` (BEP 52) depth first, which is the order of its pieces; the tree is canonical bencode already.
 * Throws MetainfoError.
 */
export function* walkFileTree(bytes: Uint8Array, treeAt: number): Generator<FileEntry> {
  // The directories on the way to here: where the next key of each stands.
  const positions = [treeAt + 1]
  const path: string[] = []
  const keys = new FileKeys()
  const field = () => (path.length > 0 ? `info.file tree.${path.join('/')}` : 'info.file tree')
  while (positions.length > 0) {
    const keyAt = positions[positions.length - 1]!
    if (bytes[keyAt] === END) {
      positions.pop()
      path.pop()
      continue
    }
    const key = stringSpan(bytes, keyAt)
    const nodeAt = key.end
    if (key.start === key.end) throw new MetainfoError(field(), 'an empty name beside other entries')
    path.push(safeElement(bytes, key, field))
    if (kindAt(bytes, nodeAt) !== 'dictionary') throw new MetainfoError(field(), 'is not a dictionary')
    const end = leafEnd(bytes, nodeAt, keys)
    if (end < 0) {
      positions[positions.length - 1] = valueEnd(bytes, nodeAt)
      positions.push(nodeAt + 1)
      continue
    }
    yield readLeaf(bytes, nodeAt, { path: withoutDots(path), field, keys })
    path.pop()
    positions[positions.length - 1] = end
  }
}

/** The name of the only file when the tree is one file at its root, else null. */
export function loneFileName(bytes: Uint8Array, treeAt: number): string | null {
  if (bytes[treeAt + 1] === END) return null
  const key = stringSpan(bytes, treeAt + 1)
  if (kindAt(bytes, key.end) !== 'dictionary' || bytes[valueEnd(bytes, key.end)] !== END) return null
  return leafEnd(bytes, key.end, new FileKeys()) >= 0 ? safeElement(bytes, key, () => 'info.file tree') : null
}

const [END, COLON, ZERO] = [0x65, 0x3a, 0x30]
/** Behind `d0:`, the empty key under which the properties of a file stand. */
const propertiesOffset = 3

/** The end of the node when it is a file, whose keys are read on the way: its only key is the empty one. Else -1. */
function leafEnd(bytes: Uint8Array, nodeAt: number, keys: FileKeys): number {
  if (bytes[nodeAt + 1] !== ZERO || bytes[nodeAt + 2] !== COLON) return -1
  const at = nodeAt + propertiesOffset
  const end = kindAt(bytes, at) === 'dictionary' ? keys.read(bytes, at) : valueEnd(bytes, at)
  return bytes[end] === END ? end + 1 : -1
}

function withoutDots(path: readonly string[]): string[] {
  return path.includes('.') ? path.filter((element) => element !== '.') : [...path]
}

function readLeaf(
  bytes: Uint8Array,
  nodeAt: number,
  leaf: { path: string[]; field: () => string; keys: FileKeys },
): FileEntry {
  const { path, field, keys } = leaf
  if (kindAt(bytes, nodeAt + propertiesOffset) !== 'dictionary')
    throw new MetainfoError(field(), 'is not a dictionary')
  if (path.length === 0) throw new MetainfoError(field(), 'has no name')
  const file = readFile(bytes, keys, leaf)
  if (file.isPad) throw new MetainfoError(field(), 'a pad file in a v2 file tree')
  if (file.sizeBytes === 0 || file.symlink) return file
  return { ...file, piecesRoot: readRoot(bytes, keys.at('pieces root'), field) }
}

function readRoot(bytes: Uint8Array, rootAt: number, field: () => string): string {
  const span =
    rootAt >= 0 && kindAt(bytes, rootAt) === 'string' ? stringSpan(bytes, rootAt) : { start: 0, end: 0 }
  const root = hexOf(bytes, span)
  if (root.length !== 64 || zeros.test(root))
    throw new MetainfoError(field(), 'missing or invalid "pieces root"')
  return root
}

const zeros = /^0+$/
