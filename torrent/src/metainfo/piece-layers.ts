import { dictEntries, kindAt, type Span, stringSpan } from '../bencode.ts'
import { rootOfPieceLayer } from '../merkle.ts'
import type { FileEntry } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'
import { hexOf } from './paths.ts'

/** The position of the piece layer of each `piecesRoot` (hex); each layer has been checked against its root. */
export type PieceLayers = ReadonlyMap<string, Span>

/**
 * Reads `piece layers` (BEP 52), which is next to `info`. Each layer must have the length that its file requires and
 * hash to its root; otherwise the fault would only be noticed piece by piece in the swarm. A missing layer is allowed
 * (peers send it); see `complete`.
 */
export function readPieceLayers(
  bytes: Uint8Array,
  layersAt: number,
  { walk, pieceLengthBytes }: { walk: () => Iterable<FileEntry>; pieceLengthBytes: number },
): { layers: PieceLayers; complete: boolean } {
  // Only layers that a file requires are kept: a layer costs its author 36 bytes, and much more memory here.
  const layers = new Map<string, Span | null>()
  for (const { piecesRoot, sizeBytes } of walk())
    if (piecesRoot !== null && sizeBytes > pieceLengthBytes) layers.set(piecesRoot, null)
  collect(bytes, layersAt, layers)
  const checked = new Map<string, Span>()
  for (const { piecesRoot, sizeBytes } of layers.size > 0 ? walk() : []) {
    if (piecesRoot === null || sizeBytes <= pieceLengthBytes) continue
    const layer = layers.get(piecesRoot)
    if (!layer) continue
    const pieceCount = Math.ceil(sizeBytes / pieceLengthBytes)
    checkLayer(bytes, layer, {
      piecesRoot,
      pieceCount,
      isKnown: checked.has(piecesRoot),
      pieceLengthBytes,
    })
    checked.set(piecesRoot, layer)
  }
  return { layers: checked, complete: checked.size === layers.size }
}

function collect(bytes: Uint8Array, at: number, layers: Map<string, Span | null>): void {
  if (at < 0 || kindAt(bytes, at) !== 'dictionary') return
  for (const { key, value } of dictEntries(bytes, at)) {
    const span = kindAt(bytes, value) === 'string' ? stringSpan(bytes, value) : { start: 0, end: 1 }
    if (key.end - key.start !== 32 || (span.end - span.start) % 32 !== 0)
      throw new MetainfoError('piece layers', 'a key is not 32 bytes or a layer not a multiple of 32')
    const root = hexOf(bytes, key)
    if (layers.get(root) === null) layers.set(root, span)
  }
}

function checkLayer(
  bytes: Uint8Array,
  layer: Span,
  file: { piecesRoot: string; pieceCount: number; isKnown: boolean; pieceLengthBytes: number },
): void {
  const field = `piece layers.${file.piecesRoot}`
  if (layer.end - layer.start !== file.pieceCount * 32)
    throw new MetainfoError(
      field,
      `holds ${layer.end - layer.start} bytes, not 32 for each of ${file.pieceCount} pieces`,
    )
  if (file.isKnown) return
  const root = rootOfPieceLayer(bytes.subarray(layer.start, layer.end), file.pieceLengthBytes)
  if (root.toString('hex') !== file.piecesRoot)
    throw new MetainfoError(field, 'does not hash to its pieces root')
}
