import { closeSync, constants, openSync, writeSync } from 'node:fs'
import type { HashPlan, StreamHasher } from '@holdfast/torrent/create-streamed'
import type { Checksum } from '../remote-file.ts'
import type { BodySink } from '../transport/connection.ts'
import { isResumable, type RunningChecksum, startChecksum, writeStates } from './running-checksum.ts'
import type { UnitPart } from './unit.ts'

const blockBytes = 16 * 1024
/** A socket writes into this memory, and both hashes read it from there while it is in a core's cache. */
const bufferBytes = 1024 * 1024

/** Gets the number of bytes that were hashed, and at the end of a piece the states of the checksums if they can be stored. */
export type OnBytes = (count: number, note: Uint8Array | undefined) => void

/** Whether the checksums of a file can be compared when this part has been read. */
export function comparesChecksums({ checksums, states, from, length, sizeBytes }: UnitPart): boolean {
  return checksums.length > 0 && from + length === sizeBytes && (from === 0 || states !== undefined)
}

/** All bytes of the part have come; whatever else the server sends is not read. */
class EnoughError extends Error {}

/** Hashes one part after the other, in whole blocks, whatever the chunks and answers in which the bytes come. */
export class PartReader implements Disposable {
  readonly #hasher: StreamHasher
  readonly #buffer = Buffer.allocUnsafeSlow(bufferBytes)
  #part: UnitPart | undefined
  #onBytes: OnBytes = () => {}
  #read = 0
  #filled = 0
  #hashed = 0
  #keptIn: number | undefined
  #checks: { readonly checksum: Checksum; readonly running: RunningChecksum }[] = []

  readonly #pieceLengthBytes: number
  #notes = false

  constructor(hasher: StreamHasher, { pieceLengthBytes }: HashPlan) {
    this.#hasher = hasher
    this.#pieceLengthBytes = pieceLengthBytes
  }

  start(part: UnitPart, onBytes: OnBytes): this {
    this.#part = part
    this.#onBytes = onBytes
    this.#read = 0
    this.#filled = 0
    this.#hashed = 0
    const { states, from } = part
    this.#checks = (comparesChecksums(part) ? part.checksums : []).map((checksum, index) => ({
      checksum,
      running: startChecksum(checksum.algorithm, states && { state: states[index]!, bytes: from }),
    }))
    this.#notes = this.#checks.length > 0 && part.checksums.every(({ algorithm }) => isResumable(algorithm))
    this.#keptIn = part.keptAt === undefined ? undefined : openSync(part.keptAt, keptFlags, 0o666)
    return this
  }

  [Symbol.dispose](): void {
    if (this.#keptIn !== undefined) closeSync(this.#keptIn)
    this.#keptIn = undefined
  }

  /** The offset in the file up to which the bytes are hashed. */
  get position(): number {
    return this.#part!.from + this.#read
  }

  get isComplete(): boolean {
    return this.#read === this.#part!.length
  }

  /** Takes the body of an answer, whose first `skipBytes` are left out. */
  sink(skipBytes: number): BodySink {
    // What did not fill a block is asked for again.
    this.#filled = 0
    this.#hashed = 0
    let toSkip = skipBytes
    return {
      target: () => {
        if (toSkip > 0) return toSkip < bufferBytes ? this.#buffer.subarray(0, toSkip) : this.#buffer
        return this.#buffer.subarray(this.#filled)
      },
      filled: (count) => {
        if (toSkip > 0) toSkip -= count
        else this.#take(count)
      },
    }
  }

  /** The checksum of the origin that the whole file does not have; undefined if it has all of them. */
  wrongChecksum(): Checksum | undefined {
    return this.#checks.find(({ checksum, running }) => running.hex() !== checksum.hex)?.checksum
  }

  #hash(chunk: Buffer): void {
    if (this.#keptIn !== undefined) keep(this.#keptIn, chunk, this.position)
    for (const { running } of this.#checks) running.update(chunk)
    this.#hasher.add(chunk)
    this.#hashed += chunk.length
    this.#read += chunk.length
    const isNoted = this.#notes && !this.isComplete
    this.#onBytes(chunk.length, isNoted ? writeStates(this.#states()) : undefined)
  }

  #states() {
    return this.#checks.map(({ checksum, running }) => ({
      algorithm: checksum.algorithm,
      state: running.state(),
    }))
  }

  #take(count: number): void {
    this.#filled += count
    const waiting = this.#filled - this.#hashed
    const left = this.#part!.length - this.#read
    const ready = waiting >= left ? left : waiting - (waiting % blockBytes)
    for (let left = ready; left > 0; ) {
      const toPieceEnd = this.#pieceLengthBytes - (this.#read % this.#pieceLengthBytes)
      const count = this.#notes ? Math.min(left, toPieceEnd) : left
      this.#hash(this.#buffer.subarray(this.#hashed, this.#hashed + count))
      left -= count
    }
    if (this.isComplete && waiting > ready) throw new EnoughError('the server sends more than was asked for')
    if (this.#hashed === bufferBytes) this.#filled = this.#hashed = 0
  }
}

/** A link is not followed: a name of the origin's leads nowhere else. */
const keptFlags = constants.O_RDWR | constants.O_CREAT | (constants.O_NOFOLLOW ?? 0)

function keep(file: number, chunk: Buffer, position: number): void {
  for (let at = 0; at < chunk.length; ) at += writeSync(file, chunk, at, chunk.length - at, position + at)
}
