import { kindAt, stringSpan, valueEnd } from '../bencode.ts'
import { type FileEntry, FileKeys, readFile } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { assertPathFits, elementBytes, hexOf, type PathLimits, safeElement } from './paths.ts'

/**
 * Iterates over `info.file tree` (BEP 52) depth first, which is the order of its pieces. The caller has checked that
 * the tree is canonical bencode. Throws MetainfoError.
 */
export function* walkFileTree(bytes: Uint8Array, treeAt: number, limits: PathLimits): Generator<FileEntry> {
  const path: string[] = []
  // The size in bytes of the path to each directory above the current one, with a slash after each element.
  const sizes = [0]
  let at = treeAt + 1
  const keys = new FileKeys()
  const field = () => (path.length > 0 ? `info.file tree.${path.join('/')}` : 'info.file tree')
  while (sizes.length > 0) {
    if (bytes[at] === endByte) {
      sizes.pop()
      path.pop()
      at++
      continue
    }
    const key = stringSpan(bytes, at)
    const nodeAt = key.end
    if (key.start === key.end) throw new MetainfoError(field(), 'an empty name beside other entries')
    const element = safeElement(bytes, key, field)
    path.push(element)
    const sizeBytes = sizes[sizes.length - 1]! + elementBytes(element, key)
    assertPathFits({ depth: path.length, sizeBytes }, limits, field)
    if (kindAt(bytes, nodeAt) !== 'dictionary') throw new MetainfoError(field(), 'is not a dictionary')
    const end = leafEnd(bytes, nodeAt, keys)
    if (end < 0) {
      sizes.push(sizeBytes + 1)
      at = nodeAt + 1
      continue
    }
    yield readLeaf(bytes, nodeAt, { path: withoutDots(path), limits, field, keys })
    path.pop()
    at = end
  }
}

/** The name of the only file if the tree consists of one file at its root, else null. */
export function loneFileName(bytes: Uint8Array, treeAt: number): string | null {
  if (bytes[treeAt + 1] === endByte) return null
  const key = stringSpan(bytes, treeAt + 1)
  if (kindAt(bytes, key.end) !== 'dictionary' || bytes[valueEnd(bytes, key.end)] !== endByte) return null
  return leafEnd(bytes, key.end, new FileKeys()) >= 0 ? safeElement(bytes, key, () => 'info.file tree') : null
}

const [endByte, colon, zero] = [0x65, 0x3a, 0x30]
/** The offset after `d0:`, which is the empty key of a file's properties. */
const propertiesOffset = 3

/** The end of the node if it is a file, which has the empty key only; its properties are read at the same time. Else -1. */
function leafEnd(bytes: Uint8Array, nodeAt: number, keys: FileKeys): number {
  if (bytes[nodeAt + 1] !== zero || bytes[nodeAt + 2] !== colon) return -1
  const at = nodeAt + propertiesOffset
  const end = kindAt(bytes, at) === 'dictionary' ? keys.read(bytes, at) : valueEnd(bytes, at)
  return bytes[end] === endByte ? end + 1 : -1
}

function withoutDots(path: readonly string[]): string[] {
  return path.includes('.') ? path.filter((element) => element !== '.') : [...path]
}

function readLeaf(
  bytes: Uint8Array,
  nodeAt: number,
  leaf: { path: string[]; limits: PathLimits; field: () => string; keys: FileKeys },
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
