import { ARRAY, CborStepper, knownKeys, NotCanonical, stepMap, UINT } from './cbor-step.ts'
import { decodeFrame, type Frame, type FrameFilter } from './frame.ts'

/** Decides on one frame. The bytes may be overwritten once this returns: what is kept of them is a copy. */
export type FrameScanner = (bytes: Uint8Array) => Frame

/**
 * Makes a scanner that passes over the frames of other people's records without decoding them: it steps over
 * canonical DAG-CBOR just far enough for `seq`, the repository and the paths. A frame that matters, and one that
 * is not plainly canonical, is decoded whole, so the answer is that of {@link decodeFrame} for any bytes.
 *
 * `prefixes` are what a path we want can begin with, such as `org.example.`: other paths are not even decoded.
 */
export function createFrameScanner(filter: FrameFilter, prefixes: readonly string[]): FrameScanner {
  const scan = new Scan(filter, prefixes)
  return (bytes) => {
    try {
      const seq = scan.seqOfUnwanted(bytes)
      if (seq >= 0) return { kind: 'skip', seq }
    } catch (error) {
      if (!(error instanceof NotCanonical)) throw error
    }
    return decodeFrame(new Uint8Array(bytes), filter)
  }
}

const HEADERS = ['#commit', '#sync', '#identity', '#account'].map(canonicalHeader)
/** All that a message has, although few are looked into: keys that are expected are stepped over fastest. */
const COMMIT_KEYS = knownKeys([
  ...['ops', 'rev', 'seq', 'repo', 'time', 'blobs', 'since'],
  ...['blocks', 'commit', 'rebase', 'tooBig', 'prevData'],
])
const [OPS, SEQ, REPO] = [0, 2, 3]
const COMMIT_NEEDS = (1 << OPS) | (1 << SEQ) | (1 << REPO)
const ABOUT_KEYS = knownKeys(['did', 'seq'])
const OP_KEYS = knownKeys(['cid', 'path', 'prev', 'action'])
const PATH = 1

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

  /** The sequence number of a frame that has nothing for us, or -1 when it must be decoded. */
  seqOfUnwanted(bytes: Uint8Array): number {
    let header = 0
    while (header < HEADERS.length && !startsWith(bytes, HEADERS[header]!, 0)) header++
    if (header === HEADERS.length) return -1
    const stepper = this.#stepper
    stepper.reset(bytes, HEADERS[header]!.length)
    this.#wanted = false
    const present =
      header === 0
        ? stepMap(stepper, COMMIT_KEYS, this.#onCommitKey)
        : stepMap(stepper, ABOUT_KEYS, this.#onAboutKey)
    const needs = header === 0 ? COMMIT_NEEDS : 0b11
    const complete = (present & needs) === needs && stepper.at === bytes.length
    if (!complete || this.#wanted || this.#isTracked()) return -1
    return this.#seq
  }

  #isTracked(): boolean {
    const { sieve } = this.#filter
    if (sieve && !sieve.mayHold(this.#stepper.bytes, this.#did, this.#didEnd)) return false
    return this.#filter.tracks(this.#text(this.#did, this.#didEnd))
  }

  readonly #onCommitKey = (index: number): void => {
    const stepper = this.#stepper
    if (index === OPS) for (let left = stepper.expect(ARRAY); left > 0; left--) this.#stepOp()
    else if (index === SEQ) this.#seq = stepper.expect(UINT)
    else if (index === REPO) this.#markDid()
    else stepper.skip(1)
  }

  readonly #onAboutKey = (index: number): void => {
    if (index === 0) this.#markDid()
    else this.#seq = this.#stepper.expect(UINT)
  }

  readonly #onOpKey = (index: number): void => {
    if (index === PATH) this.#lookAtPath()
    else this.#stepper.skip(3)
  }

  #lookAtPath(): void {
    const start = this.#stepper.ascii()
    const { bytes, at } = this.#stepper
    if (this.#wanted || !this.#prefixes.some((prefix) => startsWith(bytes, prefix, start))) return
    this.#wanted = this.#filter.wantsPath(this.#text(start, at))
  }

  #stepOp(): void {
    const present = stepMap(this.#stepper, OP_KEYS, this.#onOpKey)
    if ((present & (1 << PATH)) === 0) this.#wanted = true
  }

  #markDid(): void {
    this.#did = this.#stepper.ascii()
    this.#didEnd = this.#stepper.at
  }

  #text(start: number, end: number): string {
    const { buffer, byteOffset } = this.#stepper.bytes
    // A reader lends views on one and the same buffer, so one wrapper serves all its frames.
    if (this.#whole.buffer !== buffer) this.#whole = Buffer.from(buffer)
    return this.#whole.toString('latin1', byteOffset + start, byteOffset + end)
  }
}

/** `{op: 1, t}`: the shorter key comes first. */
function canonicalHeader(type: string): Uint8Array {
  return new Uint8Array([0xa2, 0x61, 0x74, 0x60 + type.length, ...Buffer.from(type), 0x62, 0x6f, 0x70, 1])
}

function startsWith(bytes: Uint8Array, prefix: Uint8Array, at: number): boolean {
  for (let i = 0; i < prefix.length; i++) if (bytes[at + i] !== prefix[i]) return false
  return true
}
