import { retryAfterMs } from '@holdfast/runtime/retry-after'
import { type HashPlan, type StreamHasher, streamHasher } from '@holdfast/torrent/create-streamed'
import { reasonOf } from '../../reason-of.ts'
import { isRefusedAddress } from '../../session/refused-address.ts'
import { describeChange, rangeValidator } from '../remote-file.ts'
import { type BodySink, BrokenAnswerError, Connection, type HostGuard } from '../transport/connection.ts'
import type { Head } from '../transport/head.ts'
import { Pauses } from '../transport/pauses.ts'
import { followRedirects, RedirectError, redirectOf } from '../transport/redirects.ts'
import { comparesChecksums, type OnBytes, PartReader } from './part-reader.ts'
import type { FileFault, PiecesDone, ThreadData, Unit, UnitPart } from './unit.ts'

/** A server that fails this often without sending anything worth the while is given up. */
const maxFailures = 6
const maxBusyAnswers = 60
const worthBytes = 2 ** 20
/** A server that wants to be left alone for longer ends the run, which is then resumed later. */
const maxPauseMs = 3_600_000
const maxKeptOpen = 4

/** A file that cannot be read, for a reason that another attempt at once would not change. */
export class FaultError extends Error {
  override readonly name = 'FaultError'
  readonly kind: FileFault['kind']

  constructor(kind: FileFault['kind'], message: string) {
    super(message)
    this.kind = kind
  }
}

class BusyError extends Error {
  readonly waitMs: number | undefined

  constructor(status: number, waitMs: number | undefined) {
    super(`the server answers ${status}`)
    this.waitMs = waitMs
  }
}

/** The guard of a run, which takes a while to load and is not needed where every host is allowed. */
export async function guardOf({ allowPrivateHosts }: ThreadData): Promise<HostGuard | null> {
  return allowPrivateHosts ? null : (await import('../../session/stranger-host.ts')).strangerHosts
}

/** Reads one unit after the other, each stretch of a file by as few requests as the server allows. */
export class Lane implements Disposable {
  readonly #data: ThreadData
  readonly #hasher: StreamHasher
  readonly #reader: PartReader
  readonly #pauses: Pauses
  readonly #guard: HostGuard | null
  readonly #connections = new Map<string, Connection>()

  constructor(data: ThreadData, guard: HostGuard | null) {
    this.#data = data
    this.#guard = guard
    this.#hasher = streamHasher(data.plan)
    this.#reader = new PartReader(this.#hasher, data.plan)
    this.#pauses = new Pauses(data.pauses)
  }

  /** Resolves to what is wrong with a file, if anything is; `onPieces` gets how many pieces of the unit are done so far. */
  async run(unit: Unit, onPieces: (done: PiecesDone) => void): Promise<FileFault | null> {
    const progress = piecesOf(unit, this.#data.plan, onPieces)
    this.#hasher.start(unit.firstPiece)
    for (const part of unit.parts) {
      this.#hasher.startPart(part.sizeBytes)
      const holding = holdBack(part)
      try {
        await this.#readPart(part, (count, note) => progress.add(holding.release(count, note), note))
      } catch (error) {
        if (!(error instanceof FaultError)) throw error
        return { url: part.url, kind: error.kind, message: error.message }
      }
      this.#hasher.endPart(part.padBytes)
      progress.add(holding.held + part.padBytes, undefined)
    }
    this.#hasher.finish()
    progress.finish()
    return null
  }

  async #readPart(part: UnitPart, onBytes: OnBytes): Promise<void> {
    using reading = this.#reader.start(part, onBytes)
    for (let failures = 0, busy = 0; !reading.isComplete; ) {
      const before = reading.position
      await this.#pauses.wait(part.host)
      try {
        await this.#request(part, reading)
        if (reading.position === before) throw new BrokenAnswerError('the server sends nothing')
      } catch (error) {
        if (reading.isComplete) break
        if (error instanceof FaultError) throw error
        if (error instanceof RedirectError) throw new FaultError('refused', error.message)
        if (isRefusedAddress(error)) throw new FaultError('refused', reasonOf(error))
        if (!(error instanceof BrokenAnswerError || error instanceof BusyError)) throw error
        const isBusy = error instanceof BusyError && error.waitMs !== undefined
        if (reading.position - before >= worthBytes) failures = 0
        if (isBusy ? ++busy > maxBusyAnswers : ++failures > maxFailures)
          throw new FaultError('network', error.message)
        const waitMs = error instanceof BusyError ? error.waitMs : undefined
        if ((waitMs ?? 0) > maxPauseMs)
          throw new FaultError('network', `${error.message} and asks for a pause`)
        this.#pauses.pause(part.host, waitMs ?? backoffMs(failures))
      }
    }
    const wrong = reading.wrongChecksum()
    if (wrong)
      throw new FaultError(
        'wrong',
        `its ${wrong.algorithm} is not the one that its origin publishes (${wrong.by})`,
      )
  }

  [Symbol.dispose](): void {
    for (const connection of this.#connections.values()) connection[Symbol.dispose]()
    this.#connections.clear()
  }

  /** Asks for the rest of the part, and follows redirects. */
  async #request(part: UnitPart, reading: PartReader): Promise<void> {
    await followRedirects(new URL(part.url), async (url) => {
      let next: string | undefined
      await this.#connectionTo(url).ask(url, {
        headers: this.#headersFor(part, reading.position),
        guard: this.#guard,
        onHead(head) {
          next = redirectOf(head)
          return next === undefined ? takeBody(head, part, reading) : null
        },
      })
      return next
    })
  }

  #headersFor(part: UnitPart, position: number): Record<string, string> {
    const end = part.from + part.length
    const isAll = position === 0 && end === part.sizeBytes
    const validator = rangeValidator(part)
    return {
      accept: '*/*',
      'accept-encoding': 'identity',
      'user-agent': this.#data.userAgent,
      ...(!isAll && { range: `bytes=${position}-${end - 1}` }),
      ...(!isAll && validator !== undefined && { 'if-range': validator }),
    }
  }

  #connectionTo({ origin }: URL): Connection {
    const known = this.#connections.get(origin)
    if (known) return known
    const [oldest] = this.#connections.keys()
    if (this.#connections.size >= maxKeptOpen && oldest !== undefined) {
      this.#connections.get(oldest)![Symbol.dispose]()
      this.#connections.delete(oldest)
    }
    const connection = new Connection()
    this.#connections.set(origin, connection)
    return connection
  }
}

/** Decides by the head of an answer whether its body is what was asked for. */
function takeBody(head: Head, part: UnitPart, reading: PartReader): BodySink | null {
  const { status, headers } = head
  const header = (name: string) => headers.get(name)
  if (status === 429 || status === 503)
    throw new BusyError(status, retryAfterMs(header('retry-after'), Date.now()))
  if (status >= 500) throw new BrokenAnswerError(`the server answers ${status}`)
  if (status === 416) throw new FaultError('changed', 'its length changed')
  if (status !== 200 && status !== 206) throw new FaultError('refused', `the server answers ${status}`)
  const encoding = (header('content-encoding') ?? 'identity').toLowerCase()
  if (encoding !== 'identity')
    throw new FaultError('refused', `the server sends it only in the encoding ${encoding.slice(0, 40)}`)
  const [, first, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(header('content-range') ?? '') ?? []
  if (status === 206 && Number(first) !== reading.position)
    throw new FaultError('refused', 'the server sends another range than was asked for')
  const length = head.framing.kind === 'length' ? head.framing.bytes : undefined
  const sizeBytes = status === 200 ? length : total === '*' ? undefined : Number(total)
  const version = { sizeBytes, etag: header('etag'), lastModified: header('last-modified') }
  const change = describeChange(part, version)
  if (change !== undefined) throw new FaultError('changed', change)
  return status === 206 ? reading.sink(0) : reading.sink(reading.position)
}

/**
 * Keeps back the last piece of a file with checksums until they match; all its pieces, if their states cannot be stored, so
 * that a killed run reads the file from its start.
 */
function holdBack(part: UnitPart) {
  const isCompared = comparesChecksums(part)
  return {
    held: 0,
    release(count: number, note: Uint8Array | undefined): number {
      if (!isCompared || note) return count
      this.held += count
      return 0
    },
  }
}

/** Counts the bytes of a unit into whole pieces. */
function piecesOf(
  { pieceCount }: Unit,
  { pieceLengthBytes }: HashPlan,
  onPieces: (done: PiecesDone) => void,
) {
  let bytes = 0
  let told = 0
  return {
    add(count: number, note: Uint8Array | undefined): void {
      bytes += count
      const pieces = Math.min(Math.floor(bytes / pieceLengthBytes), pieceCount)
      if (pieces <= told) return
      told = pieces
      onPieces({ pieces, note })
    },
    finish(): void {
      if (pieceCount > told) onPieces({ pieces: pieceCount, note: undefined })
    },
  }
}

function backoffMs(failures: number): number {
  return Math.min(250 * 2 ** failures, 30_000) * (0.75 + Math.random() / 2)
}
