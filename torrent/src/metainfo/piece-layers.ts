import { dictEntries, findKey, kindAt, type Span, stringSpan } from '../bencode.ts'
import { rootOfPieceLayer } from '../merkle.ts'
import type { FileEntry } from './file-entry.ts'
import { MetainfoError } from './metainfo-error.ts'

/** Where the piece layer of each `piecesRoot` (hex) stands, every one checked against its root. */
export type PieceLayers = ReadonlyMap<string, Span>

/**
 * Reads `piece layers` (BEP 52) beside `info`. Each must have the length its file asks for and hash to its root: a wrong
 * one would only be noticed piece by piece in the swarm. A missing one is allowed (peers send them); see `complete`.
 */
export function readPieceLayers(
  bytes: Uint8Array,
  files: Iterable<FileEntry>,
  pieceLengthBytes: number,
): { layers: PieceLayers; complete: boolean } {
  const found = collect(bytes)
  const layers = new Map<string, Span>()
  let complete = true
  for (const { piecesRoot, sizeBytes } of files) {
    if (piecesRoot === null || sizeBytes <= pieceLengthBytes) continue
    const layer = found.get(piecesRoot)
    if (!layer) complete = false
    else
      checkLayer(bytes, layer, {
        piecesRoot,
        pieceCount: Math.ceil(sizeBytes / pieceLengthBytes),
        isKnown: layers.has(piecesRoot),
        pieceLengthBytes,
      })
    if (layer) layers.set(piecesRoot, layer)
  }
  return { layers, complete }
}

function collect(bytes: Uint8Array): PieceLayers {
  const found = new Map<string, Span>()
  const at = findKey(bytes, 0, 'piece layers')
  if (at < 0 || kindAt(bytes, at) !== 'dictionary') return found
  for (const { key, value } of dictEntries(bytes, at)) {
    const span = kindAt(bytes, value) === 'string' ? stringSpan(bytes, value) : { start: 0, end: 1 }
    if (key.end - key.start !== 32 || (span.end - span.start) % 32 !== 0)
      throw new MetainfoError('piece layers', 'a key is not 32 bytes or a layer not a multiple of 32')
    const root = Buffer.from(bytes.subarray(key.start, key.end)).toString('hex')
    if (!found.has(root)) found.set(root, span)
  }
  return found
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
