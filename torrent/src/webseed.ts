import type { Metainfo, WebSeed } from './metainfo.ts'
import { readBody } from './webseed/body.ts'
import { type PieceCheck, startPieceCheck } from './webseed/piece-check.ts'
import { type PieceSpan, spansOfPieces } from './webseed/spans.ts'
import { bep17Url, bep19Url } from './webseed/url.ts'

export { bep17Url, bep19Url } from './webseed/url.ts'

/** The way out. It is the caller's, who thereby decides which addresses may be reached; `fetch` fits. */
export type WebSeedFetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>

export interface WebSeedOptions {
  /** How many pieces to try, spread at random over the torrent with both ends; `all` for every one. Default 8. */
  readonly pieces?: number | 'all'
  /** For all requests of one piece together. Default 60,000. */
  readonly timeoutMs?: number
  /** Pieces at once. Default 4. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly onPiece?: (verdict: PieceVerdict) => void
}

export interface PieceVerdict {
  readonly piece: number
  /** Null when every byte is right; else what was asked for and what came. */
  readonly problem: string | null
}

export interface WebSeedReport {
  readonly ok: boolean
  readonly checkedPieces: number
  readonly pieceCount: number
  readonly bytes: number
  /** The pieces that failed; the first hundred with their reasons. */
  readonly badPieces: readonly PieceVerdict[]
  readonly badPieceCount: number
}

/**
 * Asks a webseed for pieces and compares their hashes (BEP 17, 19), by v1 and v2 where the torrent has both. A server
 * that fails makes a verdict, not an exception; rejects only when aborted.
 */
export async function checkWebSeed(
  metainfo: Metainfo,
  seed: WebSeed,
  get: WebSeedFetch,
  options: WebSeedOptions = {},
): Promise<WebSeedReport> {
  const pieceCount = Math.ceil(metainfo.paddedSizeBytes / metainfo.pieceLengthBytes)
  const wanted = options.pieces === 'all' ? null : samplePieces(pieceCount, options.pieces ?? 8)
  const spans = spansOfPieces(metainfo, wanted)
  const report = { checkedPieces: 0, bytes: 0, badPieces: [] as PieceVerdict[], badPieceCount: 0 }
  const take = async (): Promise<void> => {
    for (let next = spans.next(); !next.done; next = spans.next()) {
      options.signal?.throwIfAborted()
      const verdict = await checkPiece(metainfo, seed, { span: next.value, get, options })
      report.checkedPieces++
      report.bytes += next.value.parts.reduce((sum, { length }) => sum + length, 0)
      if (verdict.problem !== null && report.badPieceCount++ < 100) report.badPieces.push(verdict)
      options.onPiece?.(verdict)
    }
  }
  await Promise.all(Array.from({ length: options.concurrency ?? 4 }, take))
  report.badPieces.sort((a, b) => a.piece - b.piece)
  return { ok: report.badPieceCount === 0 && report.checkedPieces > 0, pieceCount, ...report }
}

/** The first, the last, and one at random from each of the equal stretches between. */
function samplePieces(pieceCount: number, count: number): Set<number> {
  const pieces = new Set([0, pieceCount - 1])
  const stretches = Math.max(count - 2, 0)
  for (let i = 0; i < stretches; i++) pieces.add(Math.floor(((i + Math.random()) / stretches) * pieceCount))
  return pieces
}

interface Asking {
  readonly span: PieceSpan
  readonly get: WebSeedFetch
  readonly options: WebSeedOptions
}

async function checkPiece(metainfo: Metainfo, seed: WebSeed, asking: Asking): Promise<PieceVerdict> {
  const { span, options } = asking
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 60_000)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  try {
    const check = startPieceCheck(metainfo, span)
    if (seed.kind === 'bep17') await feedFromScript(metainfo, seed.url, { ...asking, check, signal })
    else await feedFromFiles(metainfo, seed.url, { ...asking, check, signal })
    return { piece: span.piece, problem: check.finish() }
  } catch (error) {
    options.signal?.throwIfAborted()
    const problem = timeout.aborted
      ? `no answer in ${options.timeoutMs ?? 60_000} ms`
      : (error as Error).message
    return { piece: span.piece, problem }
  }
}

type Feeding = Asking & { readonly check: PieceCheck; readonly signal: AbortSignal }

/** BEP 19: the files of the piece, each by a range of its own address; pad files are never asked for. */
async function feedFromFiles(
  metainfo: Metainfo,
  base: string,
  { span, get, check, signal }: Feeding,
): Promise<void> {
  for (const { file, from, length, at } of span.parts) {
    check.zerosUpTo(at)
    const url = bep19Url(metainfo, base, file)
    const range = `bytes=${from}-${from + length - 1}`
    const response = await get(url, { headers: { range, 'accept-encoding': 'identity' }, signal })
    const isWholeFile = from === 0 && length === file.sizeBytes
    if (response.status !== 206 && !(response.status === 200 && isWholeFile)) {
      await response.body?.cancel()
      const hint = response.status === 200 ? ': the server ignores Range' : ''
      throw new Error(`${url} ${range} answered ${response.status}${hint}`)
    }
    const stated = response.headers.get('content-range')
    if (stated && !stated.replace(/\s+/g, ' ').startsWith(`bytes ${from}-${from + length - 1}/`)) {
      await response.body?.cancel()
      throw new Error(`${url} ${range} answered with Content-Range ${stated.slice(0, 80)}`)
    }
    await readBody(response, length, check.add)
  }
  check.zerosUpTo(span.length)
}

/** BEP 17: the script is asked for the piece by its number. */
async function feedFromScript(
  metainfo: Metainfo,
  base: string,
  { span, get, check, signal }: Feeding,
): Promise<void> {
  const url = bep17Url(metainfo, base, span.piece)
  const response = await get(url, { headers: { 'accept-encoding': 'identity' }, signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  await readBody(response, span.length, check.add)
}
