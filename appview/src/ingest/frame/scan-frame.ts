import { array, CborStepper, knownKeys, NotCanonicalError, stepMap, uint } from './cbor-step.ts'
import { decodeFrame, type Frame, type FrameFilter } from './frame.ts'

/** Decides on one frame. The bytes may be overwritten once this returns, since the result keeps only copies. */
export type FrameScanner = (bytes: Uint8Array) => Frame

/**
 * Makes a scanner that skips frames about other records without decoding them: it steps over canonical DAG-CBOR just far
 * enough for `seq`, the repository and the paths. A frame that concerns us, or that is not clearly canonical, is decoded as
 * a whole, so that for any bytes the result is that of {@link decodeFrame}.
 *
 * Wanted paths begin with one of `prefixes`, such as `org.example.`; other paths are not even decoded.
 */
export function createFrameScanner(filter: FrameFilter, prefixes: readonly string[]): FrameScanner {
  const scan = new Scan(filter, prefixes)
  return (bytes) => {
    try {
      const seq = scan.seqOfUnwanted(bytes)
      if (seq >= 0) return { kind: 'skip', seq }
    } catch (error) {
      if (!(error instanceof NotCanonicalError)) throw error
    }
    return decodeFrame(new Uint8Array(bytes), filter)
  }
}

const headers = ['#commit', '#sync', '#identity', '#account'].map(canonicalHeader)
/** All keys of a message, though few are read, because known keys are skipped fastest. */
const commitKeys = knownKeys([
  ...['ops', 'rev', 'seq', 'repo', 'time', 'blobs', 'since'],
  ...['blocks', 'commit', 'rebase', 'tooBig', 'prevData'],
])
const [ops, seqKey, repo] = [0, 2, 3]
const commitNeeds = (1 << ops) | (1 << seqKey) | (1 << repo)
const aboutKeys = knownKeys(['did', 'seq'])
const opKeys = knownKeys(['cid', 'path', 'prev', 'action'])
const path = 1

class Scan {
  readonly #filter: FrameFilter
  readonly #prefixes: readonly Uint8Array[]
  readonly #stepper = new CborStepper()
  #whole: Buffer = Buffer.alloc(0)
  #seq = -1
  #did = -1
  #didEnd = -1
  #wanted = false

  constructor(filter: FrameFilter, prefixes: readonly string[]) {
    this.#filter = filter
    this.#prefixes = prefixes.map((prefix) => new Uint8Array(Buffer.from(prefix, 'ascii')))
  }

  /** The sequence number of a frame that does not concern us, or -1 when the frame must be decoded. */
  seqOfUnwanted(bytes: Uint8Array): number {
    let header = 0
    while (header < headers.length && !startsWith(bytes, headers[header]!, 0)) header++
    if (header === headers.length) return -1
    const stepper = this.#stepper
    stepper.reset(bytes, headers[header]!.length)
    this.#wanted = false
    const present =
      header === 0
        ? stepMap(stepper, commitKeys, this.#onCommitKey)
        : stepMap(stepper, aboutKeys, this.#onAboutKey)
    const needs = header === 0 ? commitNeeds : 0b11
    const complete = (present & needs) === needs && stepper.at === bytes.length
    if (!complete || this.#wanted || this.#isTracked()) return -1
    return this.#seq
  }

  #isTracked(): boolean {
    const { prefixes } = this.#filter
    if (prefixes && !prefixes.mayHold(this.#stepper.bytes, this.#did, this.#didEnd)) return false
    return this.#filter.tracks(this.#text(this.#did, this.#didEnd))
  }

  readonly #onCommitKey = (index: number): void => {
    const stepper = this.#stepper
    if (index === ops) for (let left = stepper.expect(array); left > 0; left--) this.#stepOp()
    else if (index === seqKey) this.#seq = stepper.expect(uint)
    else if (index === repo) this.#markDid()
    else stepper.skip(1)
  }

  readonly #onAboutKey = (index: number): void => {
    if (index === 0) this.#markDid()
    else this.#seq = this.#stepper.expect(uint)
  }

  readonly #onOpKey = (index: number): void => {
    if (index === path) this.#lookAtPath()
    else this.#stepper.skip(3)
  }

  #lookAtPath(): void {
    const start = this.#stepper.ascii()
    const { bytes, at } = this.#stepper
    if (this.#wanted || !this.#prefixes.some((prefix) => startsWith(bytes, prefix, start))) return
    this.#wanted = this.#filter.wantsPath(this.#text(start, at))
  }

  #stepOp(): void {
    const present = stepMap(this.#stepper, opKeys, this.#onOpKey)
    if ((present & (1 << path)) === 0) this.#wanted = true
  }

  #markDid(): void {
    this.#did = this.#stepper.ascii()
    this.#didEnd = this.#stepper.at
  }

  #text(start: number, end: number): string {
    const { buffer, byteOffset } = this.#stepper.bytes
    // All frames of a reader are views of the same buffer, so one wrapper serves them all.
    if (this.#whole.buffer !== buffer) this.#whole = Buffer.from(buffer)
    return this.#whole.toString('latin1', byteOffset + start, byteOffset + end)
  }
}

/** Encodes the header `{op: 1, t}`; in canonical order the shorter key `t` comes first. */
function canonicalHeader(type: string): Uint8Array {
  return new Uint8Array([0xa2, 0x61, 0x74, 0x60 + type.length, ...Buffer.from(type), 0x62, 0x6f, 0x70, 1])
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array, at: number): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false
  return true
}
