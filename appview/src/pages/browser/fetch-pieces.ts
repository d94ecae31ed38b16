import type { Metainfo, MetainfoFile } from '@holdfast/torrent/metainfo'
import { startPieceCheck } from '@holdfast/torrent/webseed/piece-check'
import { type PieceSpan, spansOfPieces } from '@holdfast/torrent/webseed/spans'
import { bep19Url } from '@holdfast/torrent/webseed/url'
import type { FileSink } from './file-sinks.ts'

export interface FetchOptions {
  sink: FileSink
  /** Called with how many bytes have been checked and kept so far. */
  onBytes: (bytes: number) => void
}

/**
 * Fetches every piece of a torrent from its webseeds (BEP 19) and keeps only pieces with the right hash. When a webseed
 * fails, the next one is asked for the piece. Throws when none has the right bytes.
 */
export async function fetchPieces(
  metainfo: Metainfo,
  webseeds: readonly string[],
  options: FetchOptions & { fetch?: typeof fetch },
): Promise<void> {
  const get = options.fetch ?? fetch
  await keepPieces(metainfo, (span) => fetchPiece(metainfo, webseeds, { span, get }), options)
}

/** Writes every piece, in order, as `pieceOf` returns it (checked). */
export async function keepPieces(
  metainfo: Metainfo,
  pieceOf: (span: PieceSpan) => Promise<Uint8Array<ArrayBuffer>>,
  options: FetchOptions,
): Promise<void> {
  const opened = new Set<MetainfoFile>()
  const { sink } = options
  let bytes = 0
  for (const span of spansOfPieces(metainfo, null)) {
    const data = await pieceOf(span)
    for (const { file, from, length, at } of span.parts) {
      if (!opened.has(file)) {
        await sink.open(file)
        opened.add(file)
      }
      await sink.write(file, from, data.subarray(at, at + length))
      bytes += length
    }
    options.onBytes(bytes)
  }
  for (const file of metainfo.iterateFiles()) if (file.sizeBytes === 0 && !file.symlink) await sink.open(file)
}

interface Asking {
  span: PieceSpan
  get: typeof fetch
}

async function fetchPiece(
  metainfo: Metainfo,
  webseeds: readonly string[],
  { span, get }: Asking,
): Promise<Uint8Array<ArrayBuffer>> {
  const problems: string[] = []
  for (const base of webseeds) {
    try {
      const data = new Uint8Array(span.length)
      for (const { file, from, length, at } of span.parts) {
        data.set(
          await fetchRange(get, bep19Url(metainfo, base, file), { from, length, fileBytes: file.sizeBytes }),
          at,
        )
      }
      const problem = checkPiece(metainfo, span, data)
      if (problem === null) return data
      problems.push(`${base}: piece ${span.piece}: ${problem}`)
    } catch (error) {
      problems.push(`${base}: ${(error as Error).message}`)
    }
  }
  throw new Error(problems.join('; '))
}

/** Checks the bytes of a piece: returns what is wrong, or null when its hashes match. */
export function checkPiece(metainfo: Metainfo, span: PieceSpan, data: Uint8Array): string | null {
  const check = startPieceCheck(metainfo, span)
  for (const { at, length } of span.parts) {
    check.zerosUpTo(at)
    check.add(data.subarray(at, at + length))
  }
  check.zerosUpTo(span.length)
  return check.finish()
}

async function fetchRange(
  get: typeof fetch,
  url: string,
  { from, length, fileBytes }: { from: number; length: number; fileBytes: number },
): Promise<Uint8Array> {
  // A single range with start and end needs no preflight (Fetch standard, CORS-safelisted request-header).
  const response = await get(url, {
    headers: { range: `bytes=${from}-${from + length - 1}` },
    credentials: 'omit',
    referrerPolicy: 'no-referrer',
  })
  const isWhole = response.status === 200 && from === 0 && length === fileBytes
  if (response.status !== 206 && !isWhole) {
    await response.body?.cancel()
    throw new Error(`${url} answered ${response.status}`)
  }
  const bytes = await readUpTo(response, length)
  if (bytes.length !== length) throw new Error(`${url} sent ${bytes.length} of ${length} bytes`)
  return bytes
}

/** Reads at most one byte more than asked for, so that a server cannot fill the memory. */
async function readUpTo(response: Response, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  const reader = response.body!.getReader()
  for (let next = await reader.read(); !next.done; next = await reader.read()) {
    if (filled + next.value.length > length) {
      await reader.cancel()
      throw new Error(`${response.url} sent more than the ${length} bytes asked for`)
    }
    bytes.set(next.value, filled)
    filled += next.value.length
  }
  return bytes.subarray(0, filled)
}
