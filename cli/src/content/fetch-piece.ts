import type { Metainfo, Webseed } from '@holdfast/torrent/metainfo'
import { bep17Url, bep19Url, type WebseedFetch } from '@holdfast/torrent/webseed'
import { readBody } from '@holdfast/torrent/webseed/body'
import { startPieceCheck } from '@holdfast/torrent/webseed/piece-check'
import type { PieceSpan } from '@holdfast/torrent/webseed/spans'
import { CommandError } from '../command-error.ts'

const pieceTimeoutMs = 120_000
/** A webseed that fails this often in a row is not asked again. */
const maxFailures = 5

export interface Fetching {
  readonly seeds: SeedPool
  readonly fetch: WebseedFetch
  readonly signal?: AbortSignal | undefined
}

/** Fetches the bytes of a piece's parts, one after the other and without padding, from any seed that has them right. */
export async function fetchPiece(
  metainfo: Metainfo,
  span: PieceSpan,
  { seeds, fetch, signal: stop }: Fetching,
): Promise<Uint8Array> {
  const tried = new Set<Webseed>()
  for (;;) {
    const seed = seeds.choose(tried)
    if (!seed)
      throw new CommandError('network', `No webseed serves piece ${span.piece}: ${seeds.lastProblem}`)
    tried.add(seed)
    const timeout = AbortSignal.timeout(pieceTimeoutMs)
    const signal = stop ? AbortSignal.any([stop, timeout]) : timeout
    try {
      const content = await readPiece(metainfo, span, { seed, fetch, signal })
      seeds.succeeded(seed)
      return content
    } catch (error) {
      stop?.throwIfAborted()
      seeds.failed(seed, (error as Error).message)
    }
  }
}

interface Asking {
  readonly seed: Webseed
  readonly fetch: WebseedFetch
  readonly signal: AbortSignal
}

/** Fetches a piece's bytes from one seed; throws an Error unless its hash is right. */
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

interface Range {
  readonly from: number
  readonly length: number
  readonly isWholeFile: boolean
}

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

/** Takes turns between webseeds and leaves out those that keep failing. */
export class SeedPool {
  readonly #failures: Map<Webseed, number>
  #turn = 0
  lastProblem = 'the torrent has none'

  constructor(seeds: readonly Webseed[]) {
    this.#failures = new Map(seeds.map((seed) => [seed, 0]))
  }

  choose(tried: ReadonlySet<Webseed>): Webseed | undefined {
    const usable = [...this.#failures].filter(
      ([seed, failures]) => failures < maxFailures && !tried.has(seed),
    )
    return usable[this.#turn++ % Math.max(usable.length, 1)]?.[0]
  }

  succeeded(seed: Webseed): void {
    this.#failures.set(seed, 0)
  }

  failed(seed: Webseed, problem: string): void {
    this.lastProblem = problem
    this.#failures.set(seed, (this.#failures.get(seed) ?? 0) + 1)
  }
}
