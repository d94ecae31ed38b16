/** Chooses the pieces of a torrent for which a webseed is asked. Pure functions, which run in a thread. */
import { type Metainfo, MetainfoError, parseMetainfo } from '@holdfast/torrent/metainfo'
import { drawSample, type WebseedSample } from '@holdfast/torrent/webseed'

/** How many bytes of a webseed one check reads; at least one piece. */
const sampleBytes = 32 * 2 ** 20
const maxPieces = 4
/** Larger pieces are not read for a sample. */
const maxPieceBytes = 128 * 2 ** 20
/** The most requests in one check; each waits for its turn at the host. */
const maxRequests = 24

/** The pieces to ask for, or why there are none. */
export type Sampling = { readonly sample: WebseedSample } | { readonly skipped: string }

export function sampleForProbe(bytes: Uint8Array): Sampling {
  const metainfo = tryParse(bytes)
  if (!metainfo) return { skipped: 'the metainfo can no longer be read' }
  if (metainfo.pieceLengthBytes > maxPieceBytes) return { skipped: 'its pieces are too large to sample' }
  const requestsPerPiece = filesPerPiece(metainfo)
  if (requestsPerPiece > maxRequests) return { skipped: 'each piece is of too many files to ask a host for' }
  const many = Math.min(sampleBytes / metainfo.pieceLengthBytes, maxRequests / requestsPerPiece)
  const drawn = drawSample(metainfo, Math.min(maxPieces, Math.max(1, Math.floor(many))))
  // A piece has few files on average, but the chosen ones may have many.
  const pieces = drawn.pieces.filter(({ span }) => span.parts.length <= maxRequests)
  if (pieces.length === 0) return { skipped: 'the pieces drawn are of too many files to ask a host for' }
  return { sample: { ...drawn, pieces } }
}

/** The average number of files in a piece. Each needs a request, except with BEP 17, where one request gets a piece. */
function filesPerPiece({ fileCount, pieceLengthBytes, paddedSizeBytes }: Metainfo): number {
  return Math.ceil(fileCount / Math.max(1, Math.ceil(paddedSizeBytes / pieceLengthBytes)))
}

function tryParse(bytes: Uint8Array): Metainfo | undefined {
  try {
    return parseMetainfo(bytes)
  } catch (error) {
    if (error instanceof MetainfoError) return undefined
    throw error
  }
}
