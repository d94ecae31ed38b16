import type { Metainfo, Webseed } from './metainfo.ts'
import { readBody } from './webseed/body.ts'
import { hashesOf, type PieceCheck, type PieceHashes, startHashCheck } from './webseed/piece-check.ts'
import { type PieceSpan, spansOfPieces } from './webseed/spans.ts'
import { bep17Url, bep19Url } from './webseed/url.ts'

export { bep17Url, bep19Url } from './webseed/url.ts'

/** Sends a request, like `fetch`. The caller provides it, and thereby decides which addresses may be reached. */
export type WebseedFetch = (
  url: string,
  init: { readonly headers: Record<string, string>; readonly signal: AbortSignal },
) => Promise<Response>

export interface WebseedOptions {
  /** How many pieces to try, spread at random over the torrent with both ends; `all` for every one. Default 8. */
  readonly pieces?: number | 'all'
  /** The time limit in milliseconds for all requests of one piece together; 60,000 by default. */
  readonly timeoutMs?: number
  /** The number of pieces that are fetched at the same time; 4 by default. */
  readonly concurrency?: number
  readonly signal?: AbortSignal
  readonly onPiece?: (verdict: PieceVerdict) => void
}

export interface PieceVerdict {
  readonly piece: number
  /** Null if every byte is correct; otherwise what was requested and what was received. */
  readonly problem: string | null
}

export interface WebseedReport {
  readonly ok: boolean
  readonly checkedPieces: number
  readonly pieceCount: number
  readonly bytes: number
  /** The pieces that failed, with reasons; only the first hundred. */
  readonly badPieces: readonly PieceVerdict[]
  readonly badPieceCount: number
}

/**
 * Some pieces of a torrent with their expected hashes: all that is needed to check a webseed, in a form that can be
 * sent to a thread.
 */
export interface WebseedSample extends Pick<Metainfo, 'name' | 'isSingleFile' | 'infoHashV1'> {
  readonly pieceCount: number
  readonly pieces: readonly SampledPiece[]
}

interface SampledPiece {
  readonly span: PieceSpan
  readonly hashes: PieceHashes
}

/** Chooses `pieces` pieces spread at random over the torrent, including the first and the last. */
export function drawSample(metainfo: Metainfo, pieces: number): WebseedSample {
  const { name, isSingleFile, infoHashV1 } = metainfo
  const wanted = samplePieces(countPieces(metainfo), pieces)
  const drawn = [...sampledPieces(metainfo, wanted)]
  return { name, isSingleFile, infoHashV1, pieceCount: countPieces(metainfo), pieces: drawn }
}

/**
 * Fetches pieces from a webseed and compares their hashes (BEP 17, 19), v1 and v2 if the torrent has both. A failing
 * server is reported in the result; the promise rejects only if the check is aborted.
 */
export function checkWebseed(
  metainfo: Metainfo,
  seed: Webseed,
  get: WebseedFetch,
  options: WebseedOptions = {},
): Promise<WebseedReport> {
  const pieceCount = countPieces(metainfo)
  const wanted = options.pieces === 'all' ? null : samplePieces(pieceCount, options.pieces ?? 8)
  const { name, isSingleFile, infoHashV1 } = metainfo
  const pieces = sampledPieces(metainfo, wanted)
  return checkPieces({ name, isSingleFile, infoHashV1, pieceCount, pieces }, seed, { get, options })
}

/** Checks a webseed with pieces that were chosen before. */
export function checkWebseedSample(
  sample: WebseedSample,
  seed: Webseed,
  get: WebseedFetch,
  options: Omit<WebseedOptions, 'pieces'> = {},
): Promise<WebseedReport> {
  return checkPieces({ ...sample, pieces: sample.pieces.values() }, seed, { get, options })
}

type Source = Omit<WebseedSample, 'pieces'> & { readonly pieces: Iterator<SampledPiece> }

async function checkPieces(
  source: Source,
  seed: Webseed,
  { get, options }: { get: WebseedFetch; options: WebseedOptions },
): Promise<WebseedReport> {
  const { pieces, pieceCount } = source
  const report = { checkedPieces: 0, bytes: 0, badPieces: [] as PieceVerdict[], badPieceCount: 0 }
  const take = async (): Promise<void> => {
    for (let next = pieces.next(); !next.done; next = pieces.next()) {
      options.signal?.throwIfAborted()
      const verdict = await checkPiece(source, seed, { ...next.value, get, options })
      report.checkedPieces++
      report.bytes += next.value.span.parts.reduce((sum, { length }) => sum + length, 0)
      if (verdict.problem !== null && report.badPieceCount++ < 100) report.badPieces.push(verdict)
      options.onPiece?.(verdict)
    }
  }
  await Promise.all(Array.from({ length: options.concurrency ?? 4 }, take))
  report.badPieces.sort((a, b) => a.piece - b.piece)
  return { ok: report.badPieceCount === 0 && report.checkedPieces > 0, pieceCount, ...report }
}

function countPieces({ paddedSizeBytes, pieceLengthBytes }: Metainfo): number {
  return Math.ceil(paddedSizeBytes / pieceLengthBytes)
}

function* sampledPieces(metainfo: Metainfo, wanted: ReadonlySet<number> | null): Generator<SampledPiece> {
  for (const span of spansOfPieces(metainfo, wanted)) yield { span, hashes: hashesOf(metainfo, span) }
}

/**
 * Chooses the first piece, the last, and a random one from each of the equal ranges between them; all pieces if there
 * are no more than `count`.
 */
function samplePieces(pieceCount: number, count: number): Set<number> {
  const pieces = new Set([0, pieceCount - 1])
  const between = Math.max(pieceCount - 2, 0)
  const stretches = Math.min(Math.max(count - 2, 0), between)
  const startOf = (stretch: number) => 1 + Math.floor((stretch * between) / stretches)
  for (let i = 0; i < stretches; i++)
    pieces.add(startOf(i) + Math.floor(Math.random() * (startOf(i + 1) - startOf(i))))
  return pieces
}

interface Asking extends SampledPiece {
  readonly get: WebseedFetch
  readonly options: WebseedOptions
}

async function checkPiece(source: Source, seed: Webseed, asking: Asking): Promise<PieceVerdict> {
  const { span, hashes, options } = asking
  const timeout = AbortSignal.timeout(options.timeoutMs ?? 60_000)
  const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
  try {
    const check = startHashCheck(hashes, span)
    if (seed.kind === 'bep17') await feedFromScript(source, seed.url, { ...asking, check, signal })
    else await feedFromFiles(source, seed.url, { ...asking, check, signal })
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

/** Fetches the files of the piece, each by a range of its own address (BEP 19); pad files are never requested. */
async function feedFromFiles(
  source: Source,
  base: string,
  { span, get, check, signal }: Feeding,
): Promise<void> {
  for (const { file, from, length, at } of span.parts) {
    check.zerosUpTo(at)
    const url = bep19Url(source, base, file)
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

/** Requests the piece from the script by its number (BEP 17). */
async function feedFromScript(
  source: Source,
  base: string,
  { span, get, check, signal }: Feeding,
): Promise<void> {
  const url = bep17Url(source, base, span.piece)
  const response = await get(url, { headers: { 'accept-encoding': 'identity' }, signal })
  if (response.status !== 200) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  await readBody(response, span.length, check.add)
}
