import { mkdir, open, rm, stat, symlink, truncate } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import type { Metainfo, WebSeed } from '@holdfast/torrent/metainfo'
import { placeOnDisk, verifyFiles } from '@holdfast/torrent/verify'
import { bep17Url, bep19Url, type WebSeedFetch } from '@holdfast/torrent/webseed'
import { readBody } from '@holdfast/torrent/webseed/body'
import { startPieceCheck } from '@holdfast/torrent/webseed/piece-check'
import { type PieceSpan, spansOfPieces } from '@holdfast/torrent/webseed/spans'
import { Failure } from '../failure.ts'

export interface DownloadOptions {
  /** The directory that will hold the torrent's file or directory. */
  readonly directory: string
  readonly seeds: readonly WebSeed[]
  readonly fetch: WebSeedFetch
  readonly signal?: AbortSignal
  readonly onProgress?: (progress: DownloadProgress) => void
}

export interface DownloadProgress {
  readonly phase: 'check' | 'download'
  readonly bytesDone: number
  readonly bytesTotal: number
}

export interface Downloaded {
  readonly path: string
  readonly downloadedBytes: number
  /** What was there already and right. */
  readonly keptBytes: number
}

const concurrency = 4
const pieceTimeoutMs = 120_000
/** A seed that fails so often in a row is left alone. */
const maxFailures = 5

/**
 * Downloads a torrent's files over HTTP from its webseeds (BEP 17, 19). Every piece is checked before it is written; what
 * is on disk already is checked and kept, so that a download goes on where it stopped.
 */
export async function downloadFromWebSeeds(
  metainfo: Metainfo,
  options: DownloadOptions,
): Promise<Downloaded> {
  const path = join(options.directory, metainfo.name)
  await mkdir(options.directory, { recursive: true })
  const missing = await missingPieces(metainfo, path, options)
  await prepareFiles(metainfo, path)
  const total = metainfo.sizeBytes
  const seeds = new SeedPool(options.seeds)
  const spans = spansOfPieces(metainfo, missing)
  let downloadedBytes = 0
  const keptBytes = total - bytesOf(metainfo, missing)
  const take = async () => {
    for (let next = spans.next(); !next.done; next = spans.next()) {
      options.signal?.throwIfAborted()
      const content = await fetchPiece(metainfo, next.value, { seeds, options })
      await writePiece(metainfo, path, { span: next.value, content })
      downloadedBytes += next.value.parts.reduce((sum, { length }) => sum + length, 0)
      options.onProgress?.({ phase: 'download', bytesDone: keptBytes + downloadedBytes, bytesTotal: total })
    }
  }
  await Promise.all(Array.from({ length: concurrency }, take))
  await placeSymlinks(metainfo, path)
  return { path, downloadedBytes, keptBytes }
}

async function missingPieces(
  metainfo: Metainfo,
  path: string,
  options: DownloadOptions,
): Promise<Set<number> | null> {
  const present = await stat(path).catch(() => null)
  if (!present) return null
  const report = await verifyFiles(
    metainfo,
    path,
    options.signal ? { signal: options.signal } : {},
    ({ bytesDone, bytesTotal }) => options.onProgress?.({ phase: 'check', bytesDone, bytesTotal }),
  )
  const missing = new Set<number>()
  for (const { first, last } of report.badPieces)
    for (let piece = first; piece <= last; piece++) missing.add(piece)
  return missing
}

function bytesOf(metainfo: Metainfo, pieces: Set<number> | null): number {
  if (!pieces) return metainfo.sizeBytes
  let bytes = 0
  for (const { parts } of spansOfPieces(metainfo, pieces)) for (const { length } of parts) bytes += length
  return bytes
}

/** Every file in its place with its size, so that pieces can be written in any order. */
async function prepareFiles(metainfo: Metainfo, path: string): Promise<void> {
  for (const file of metainfo.iterateFiles()) {
    if (file.symlink) continue
    const place = placeOnDisk(metainfo, path, file)
    await mkdir(dirname(place), { recursive: true })
    const handle = await open(place, 'a')
    await handle.close()
    await truncate(place, file.sizeBytes)
  }
}

interface PieceContent {
  readonly span: PieceSpan
  /** The bytes of its parts, one after the other, without padding. */
  readonly content: Uint8Array
}

async function writePiece(metainfo: Metainfo, path: string, { span, content }: PieceContent): Promise<void> {
  let at = 0
  for (const { file, from, length } of span.parts) {
    const handle = await open(placeOnDisk(metainfo, path, file), 'r+')
    try {
      await handle.write(content, at, length, from)
    } finally {
      await handle.close()
    }
    at += length
  }
}

type Fetching = { readonly seeds: SeedPool; readonly options: DownloadOptions }

async function fetchPiece(
  metainfo: Metainfo,
  span: PieceSpan,
  { seeds, options }: Fetching,
): Promise<Uint8Array> {
  const tried = new Set<WebSeed>()
  for (;;) {
    const seed = seeds.choose(tried)
    if (!seed) throw new Failure('network', `No webseed serves piece ${span.piece}: ${seeds.lastProblem}`)
    tried.add(seed)
    const timeout = AbortSignal.timeout(pieceTimeoutMs)
    const signal = options.signal ? AbortSignal.any([options.signal, timeout]) : timeout
    try {
      const content = await readPiece(metainfo, span, { seed, fetch: options.fetch, signal })
      seeds.succeeded(seed)
      return content
    } catch (error) {
      options.signal?.throwIfAborted()
      seeds.failed(seed, (error as Error).message)
    }
  }
}

interface Asking {
  readonly seed: WebSeed
  readonly fetch: WebSeedFetch
  readonly signal: AbortSignal
}

/** A piece's bytes from one seed; throws unless its hash is right. */
async function readPiece(metainfo: Metainfo, span: PieceSpan, asking: Asking): Promise<Uint8Array> {
  const check = startPieceCheck(metainfo, span)
  const content = Buffer.allocUnsafe(span.parts.reduce((sum, { length }) => sum + length, 0))
  let filled = 0
  if (asking.seed.kind === 'bep17') {
    const whole = await readWhole(bep17Url(metainfo, asking.seed.url, span.piece), span.length, asking)
    check.add(whole)
    for (const { at, length } of span.parts) filled += whole.copy(content, filled, at, at + length)
  } else {
    for (const { file, from, length, at } of span.parts) {
      check.zerosUpTo(at)
      const range = { from, length, isWholeFile: from === 0 && length === file.sizeBytes }
      await readRange(bep19Url(metainfo, asking.seed.url, file), range, {
        ...asking,
        onChunk(chunk) {
          check.add(chunk)
          content.set(chunk, filled)
          filled += chunk.length
        },
      })
    }
    check.zerosUpTo(span.length)
  }
  const problem = check.finish()
  if (problem) throw new Error(`${asking.seed.url}: ${problem}`)
  return content
}

async function readWhole(url: string, length: number, { fetch, signal }: Asking): Promise<Buffer> {
  const answer = await fetch(url, { headers: { 'accept-encoding': 'identity' }, signal })
  if (answer.status !== 200) throw new Error(`${url} answered ${answer.status}`)
  const chunks: Uint8Array[] = []
  await readBody(answer, length, (chunk) => void chunks.push(chunk))
  return Buffer.concat(chunks)
}

type Range = { readonly from: number; readonly length: number; readonly isWholeFile: boolean }

async function readRange(
  url: string,
  { from, length, isWholeFile }: Range,
  { fetch, signal, onChunk }: Asking & { readonly onChunk: (chunk: Uint8Array) => void },
): Promise<void> {
  const headers = { range: `bytes=${from}-${from + length - 1}`, 'accept-encoding': 'identity' }
  const answer = await fetch(url, { headers, signal })
  if (answer.status !== 206 && !(answer.status === 200 && isWholeFile)) {
    await answer.body?.cancel()
    throw new Error(`${url} answered ${answer.status}${answer.status === 200 ? ' and ignores Range' : ''}`)
  }
  await readBody(answer, length, onChunk)
}

async function placeSymlinks(metainfo: Metainfo, path: string): Promise<void> {
  for (const file of metainfo.iterateFiles()) {
    if (!file.symlink) continue
    const place = placeOnDisk(metainfo, path, file)
    await mkdir(dirname(place), { recursive: true })
    await rm(place, { force: true })
    await symlink(relative(dirname(place), join(path, ...file.symlink)), place)
  }
}

/** Seeds in turn, those that keep failing left out. */
class SeedPool {
  readonly #failures: Map<WebSeed, number>
  #turn = 0
  lastProblem = 'there is none'

  constructor(seeds: readonly WebSeed[]) {
    this.#failures = new Map(seeds.map((seed) => [seed, 0]))
  }

  choose(tried: ReadonlySet<WebSeed>): WebSeed | undefined {
    const usable = [...this.#failures].filter(
      ([seed, failures]) => failures < maxFailures && !tried.has(seed),
    )
    return usable[this.#turn++ % Math.max(usable.length, 1)]?.[0]
  }

  succeeded(seed: WebSeed): void {
    this.#failures.set(seed, 0)
  }

  failed(seed: WebSeed, problem: string): void {
    this.lastProblem = problem
    this.#failures.set(seed, (this.#failures.get(seed) ?? 0) + 1)
  }
}
