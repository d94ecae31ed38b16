import { type Encodable, encode } from '../bencode-tree.ts'
import { rootOfPieceLayer } from '../merkle.ts'
import type { FileTable, SourceFile } from './file-table.ts'
import type { Layout } from './layout.ts'

/** Everything `info` is made of. */
export interface InfoParts {
  readonly name: string
  readonly files: FileTable
  readonly layout: Layout
  readonly isSingleFile: boolean
  /** 20 bytes a piece; null in v2. */
  readonly sha1: Buffer | null
  /** 32 bytes a piece; null in v1. */
  readonly sha256: Buffer | null
  readonly private: boolean
  readonly source: string | undefined
  /** Infohashes in hex (BEP 38). */
  readonly similar: readonly string[]
  readonly collections: readonly string[]
}

/** Writes `info` (BEP 3, 27, 38, 47, 52) bit by bit; the keys come in the order that bencode demands. */
export function* emitInfo(parts: InfoParts): Generator<Uint8Array> {
  const { files, layout, sha1, sha256 } = parts
  const only = parts.isSingleFile ? files.at(0) : null
  yield text('d')
  if (sha1 && only?.attributes) yield entry('attr', only.attributes)
  if (parts.collections.length > 0) yield entry('collections', parts.collections)
  if (sha256) yield* emitFileTree(files, layout, sha256)
  if (sha1 && !only) yield* emitFileList(files, layout)
  if (sha1 && only) yield entry('length', only.sizeBytes)
  if (sha256) yield entry('meta version', 2)
  yield entry('name', parts.name)
  yield entry('piece length', layout.pieceLengthBytes)
  if (sha1) yield entry('pieces', sha1)
  if (parts.private) yield entry('private', 1)
  if (parts.similar.length > 0)
    yield entry(
      'similar',
      parts.similar.map((hex) => Buffer.from(hex, 'hex')),
    )
  if (parts.source !== undefined) yield entry('source', parts.source)
  yield text('e')
}

/** Writes `piece layers`: by root, the layer of each file of more than one piece (BEP 52). */
export function* emitPieceLayers(files: FileTable, layout: Layout, sha256: Buffer): Generator<Uint8Array> {
  const layers = new Map<string, Buffer>()
  for (const { layer } of withLayers(files, layout, sha256))
    if (layer.length > 32)
      layers.set(rootOfPieceLayer(layer, layout.pieceLengthBytes).toString('latin1'), layer)
  yield text('d')
  // latin1 text compares as the bytes do.
  for (const [root, layer] of [...layers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    yield Buffer.concat([text('32:'), Buffer.from(root, 'latin1'), text(`${layer.length}:`)])
    yield layer
  }
  yield text('e')
}

function* emitFileList(files: FileTable, layout: Layout): Generator<Uint8Array> {
  yield text('5:filesl')
  for (const { path, sizeBytes, attributes, symlink } of files) {
    const attr = symlink ? `${attributes}l` : attributes || undefined
    yield encode({ attr, length: sizeBytes, path, 'symlink path': symlink ?? undefined })
    const pad = layout.isAligned && layout.padsTail ? -sizeBytes & (layout.pieceLengthBytes - 1) : 0
    if (pad > 0) yield encode({ attr: 'p', length: pad, path: ['.pad', String(pad)] })
  }
  yield text('e')
}

function* emitFileTree(files: FileTable, layout: Layout, sha256: Buffer): Generator<Uint8Array> {
  yield text('9:file treed')
  let open: readonly string[] = []
  for (const { file, layer } of withLayers(files, layout, sha256)) {
    const directories = file.path.slice(0, -1)
    let shared = 0
    while (shared < open.length && open[shared] === directories[shared]) shared++
    yield text('e'.repeat(open.length - shared))
    for (const name of directories.slice(shared)) yield Buffer.concat([encode(name), text('d')])
    open = directories
    const root = layer.length > 0 ? rootOfFile(layer, layout) : undefined
    yield Buffer.concat([encode(file.path.at(-1)!), encode({ '': treeLeaf(file, root) })])
  }
  yield text(`${'e'.repeat(open.length)}e`)
}

function treeLeaf({ sizeBytes, attributes, symlink }: SourceFile, root: Buffer | undefined): Encodable {
  if (symlink) return { attr: `${attributes}l`, 'symlink path': symlink }
  return { attr: attributes || undefined, length: sizeBytes, 'pieces root': root }
}

/** Each file with the digests of its pieces. */
function* withLayers(
  files: FileTable,
  layout: Layout,
  sha256: Buffer,
): Generator<{ file: SourceFile; layer: Buffer }> {
  let end = 0
  for (const file of files) {
    const start = end
    end += Math.ceil(file.sizeBytes / layout.pieceLengthBytes) * 32
    yield { file, layer: sha256.subarray(start, end) }
  }
}

function rootOfFile(layer: Buffer, { pieceLengthBytes }: Layout): Buffer {
  return layer.length === 32 ? layer : rootOfPieceLayer(layer, pieceLengthBytes)
}

function entry(key: string, value: Encodable): Uint8Array {
  return Buffer.concat([encode(key), encode(value)])
}

function text(bencode: string): Buffer {
  return Buffer.from(bencode)
}
