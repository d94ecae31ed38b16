import type { Encodable } from '../bencode-tree.ts'
import { rootOfPieceLayer } from '../merkle.ts'
import { BlockWriter, stringOf } from './block-writer.ts'
import type { FileTable, SourceFile } from './file-table.ts'
import type { Layout } from './layout.ts'

/** All the parts of `info`. */
export interface InfoParts {
  readonly name: string
  readonly files: FileTable
  readonly layout: Layout
  readonly isSingleFile: boolean
  /** The SHA-1 digests, 20 bytes per piece; null in v2. */
  readonly sha1: Buffer | null
  /** The SHA-256 digests, 32 bytes per piece; null in v1. */
  readonly sha256: Buffer | null
  readonly private: boolean
  readonly source: string | undefined
  /** Infohashes in hex (BEP 38). */
  readonly similar: readonly string[]
  readonly collections: readonly string[]
}

/** Writes `info` (BEP 3, 27, 38, 47, 52) block by block; the keys are in the order that bencode requires. */
export function* emitInfo(parts: InfoParts): Generator<Uint8Array> {
  const { files, layout, sha1, sha256 } = parts
  const only = parts.isSingleFile ? files.at(0) : null
  const out = new BlockWriter()
  const entry = (key: string, value: Encodable) => {
    out.text(stringOf(key))
    out.value(value)
  }
  out.text('d')
  if (sha1 && only?.attributes) entry('attr', only.attributes)
  if (parts.collections.length > 0) entry('collections', parts.collections)
  if (sha256) yield* emitFileTree(files, layout, { sha256, out })
  if (sha1 && !only) yield* emitFileList(files, layout, out)
  if (sha1 && only) entry('length', only.sizeBytes)
  if (sha256) entry('meta version', 2)
  entry('name', parts.name)
  entry('piece length', layout.pieceLengthBytes)
  if (sha1) {
    out.text(`6:pieces${sha1.length}:`)
    out.bytes(sha1)
  }
  if (parts.private) entry('private', 1)
  if (parts.similar.length > 0)
    entry(
      'similar',
      parts.similar.map((hex) => Buffer.from(hex, 'hex')),
    )
  if (parts.source !== undefined) entry('source', parts.source)
  out.text('e')
  yield* out.end()
}

/** Writes `piece layers`: the layer of each file with more than one piece, by its root (BEP 52). */
export function* emitPieceLayers(files: FileTable, layout: Layout, sha256: Buffer): Generator<Uint8Array> {
  const layers = new Map<string, Buffer>()
  let end = 0
  for (let index = 0; index < files.length; index++) {
    const start = end
    end += layerBytes(files.sizeAt(index), layout)
    if (end - start <= 32) continue
    const layer = sha256.subarray(start, end)
    layers.set(rootOfPieceLayer(layer, layout.pieceLengthBytes).toString('latin1'), layer)
  }
  const out = new BlockWriter()
  out.text('d')
  // Comparing latin1 text gives the order of the bytes.
  for (const [root, layer] of [...layers].sort(([a], [b]) => (a < b ? -1 : 1))) {
    out.text('32:')
    out.bytes(Buffer.from(root, 'latin1'))
    out.text(`${layer.length}:`)
    out.bytes(layer)
    if (out.hasFull) yield* out.take()
  }
  out.text('e')
  yield* out.end()
}

function* emitFileList(files: FileTable, layout: Layout, out: BlockWriter): Generator<Uint8Array> {
  out.text('5:filesl')
  for (const { path, sizeBytes, attributes, symlink } of files) {
    const attr = symlink ? `${attributes}l` : attributes
    const names = path.map(stringOf).join('')
    const target = symlink ? `12:symlink pathl${symlink.map(stringOf).join('')}e` : ''
    out.text(`d${attrAndLength(attr, sizeBytes)}4:pathl${names}e${target}e`)
    const pad = layout.isAligned && layout.padsTail ? -sizeBytes & (layout.pieceLengthBytes - 1) : 0
    if (pad > 0) out.text(`d4:attr1:p6:lengthi${pad}e4:pathl4:.pad${stringOf(String(pad))}ee`)
    if (out.hasFull) yield* out.take()
  }
  out.text('e')
}

function* emitFileTree(
  files: FileTable,
  layout: Layout,
  { sha256, out }: { sha256: Buffer; out: BlockWriter },
): Generator<Uint8Array> {
  out.text('9:file treed')
  let open: readonly string[] = []
  let end = 0
  for (const file of files) {
    const directories = file.path.slice(0, -1)
    let shared = 0
    while (shared < open.length && open[shared] === directories[shared]) shared++
    out.text('e'.repeat(open.length - shared))
    for (const name of directories.slice(shared)) out.text(`${stringOf(name)}d`)
    open = directories
    const start = end
    end += layerBytes(file.sizeBytes, layout)
    out.text(`${stringOf(file.path.at(-1)!)}d0:`)
    writeLeaf(out, file, sha256.subarray(start, end), layout)
    out.text('e')
    if (out.hasFull) yield* out.take()
  }
  out.text(`${'e'.repeat(open.length)}e`)
}

function writeLeaf(out: BlockWriter, file: SourceFile, layer: Buffer, { pieceLengthBytes }: Layout): void {
  const { sizeBytes, attributes, symlink } = file
  if (symlink) {
    out.value({ attr: `${attributes}l`, 'symlink path': symlink })
    return
  }
  out.text(`d${attrAndLength(attributes, sizeBytes)}`)
  if (layer.length > 0) {
    out.text('11:pieces root32:')
    out.bytes(layer.length === 32 ? layer : rootOfPieceLayer(layer, pieceLengthBytes))
  }
  out.text('e')
}

/** The first entries of a file's dictionary, which are the same in v1 and v2. */
function attrAndLength(attr: string, sizeBytes: number): string {
  return `${attr && `4:attr${stringOf(attr)}`}6:lengthi${sizeBytes}e`
}

/** The size in bytes of the digests of a file's pieces. */
function layerBytes(sizeBytes: number, { pieceLengthBytes }: Layout): number {
  return Math.ceil(sizeBytes / pieceLengthBytes) * 32
}
