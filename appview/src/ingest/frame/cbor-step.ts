/**
 * Steps over canonical DAG-CBOR without building values (DRISL: shortest heads, sorted text keys, 36-byte CIDs
 * under tag 42). Anything that is not clearly canonical throws {@link NotCanonicalError}; it may still be valid, which a
 * full decoder must then decide.
 */
export class NotCanonicalError extends Error {
  override readonly name = 'NotCanonicalError'
}

/** A single instance without a stack, so that hostile frames do not cost more than good ones. */
const notCanonical = new NotCanonicalError('not canonical DAG-CBOR')
notCanonical.stack = undefined

export const uint = 0
export const negative = 1
export const byteString = 2
export const text = 3
export const array = 4
export const map = 5
export const tagType = 6
export const simple = 7

const maxDepth = 32
const nullByte = 0xf6

/** A position in a buffer of CBOR, and the steps from there. Reusable: call {@link CborStepper.reset}. */
export class CborStepper {
  bytes: Uint8Array = new Uint8Array()
  at = 0
  /** The argument of the last head: a number, a length or a count. */
  argument = 0

  reset(bytes: Uint8Array, at = 0): void {
    this.bytes = bytes
    this.at = at
  }

  /** Reads a head, leaves its argument in `argument`, and returns the major type. */
  head(): number {
    const { bytes, at } = this
    // A byte beyond the end is undefined; the check of the bounds below then fails.
    const first = bytes[at]!
    const short = first & 31
    if (short < 24) {
      this.argument = short
      this.at = at + 1
    } else if (short === 24) {
      this.argument = bytes[at + 1]!
      this.at = at + 2
      if (this.argument < 24) throw notCanonical
    } else if (short === 25) {
      this.argument = (bytes[at + 1]! << 8) | bytes[at + 2]!
      this.at = at + 3
      if (this.argument < 0x100) throw notCanonical
    } else this.#longHead(short)
    if (this.at > bytes.length) throw notCanonical
    return first >> 5
  }

  #longHead(short: number): void {
    const { at } = this
    if (short === 26) {
      this.argument = this.#uint32(at + 1)
      this.at = at + 5
      if (this.argument < 0x1_0000) throw notCanonical
    } else if (short === 27) {
      const high = this.#uint32(at + 1)
      this.argument = high * 0x1_0000_0000 + this.#uint32(at + 5)
      this.at = at + 9
      if (high === 0 || this.argument > Number.MAX_SAFE_INTEGER) throw notCanonical
    } else throw notCanonical
  }

  /** Reads a head of the given major type and returns its argument. */
  expect(major: number): number {
    if (this.head() !== major) throw notCanonical
    return this.argument
  }

  /** Steps over `length` bytes and returns where they began. */
  take(length: number): number {
    const start = this.at
    this.at = start + length
    if (this.at > this.bytes.length) throw notCanonical
    return start
  }

  /** Steps over a text of ASCII and returns where it began; it ends at `at`. */
  ascii(): number {
    const start = this.take(this.expect(text))
    for (let i = start; i < this.at; i++) if (this.bytes[i]! >= 0x80) throw notCanonical
    return start
  }

  /**
   * Steps over the key of a map, a text of ASCII. A decoder that builds objects takes `__proto__` for the prototype, so what
   * it makes of such a map is for it to say.
   */
  key(): void {
    const start = this.ascii()
    if (isPrototypeKey(this.bytes.subarray(start, this.at))) throw notCanonical
  }

  /** Steps over a CID link and returns where its 36 bytes begin, or -1 for null. */
  cidOrNull(): number {
    if (this.bytes[this.at] === nullByte) {
      this.at++
      return -1
    }
    return this.cid()
  }

  /** Steps over a CID link (tag 42, CIDv1, dag-cbor, sha-256) and returns where its 36 bytes begin. */
  cid(): number {
    const { bytes } = this
    const start = this.take(41)
    const plain =
      bytes[start] === 0xd8 &&
      bytes[start + 1] === 42 &&
      bytes[start + 2] === 0x58 &&
      bytes[start + 3] === 37 &&
      bytes[start + 4] === 0 &&
      bytes[start + 5] === 1 &&
      bytes[start + 6] === 0x71 &&
      bytes[start + 7] === 0x12 &&
      bytes[start + 8] === 32
    if (!plain) throw notCanonical
    return start + 5
  }

  bool(): boolean {
    const value = this.bytes[this.at]
    if (value !== 0xf4 && value !== 0xf5) throw notCanonical
    this.at++
    return value === 0xf5
  }

  /** If null is next, steps over it. */
  isNull(): boolean {
    if (this.bytes[this.at] !== nullByte) return false
    this.at++
    return true
  }

  /** Steps over one value of any kind. */
  skip(depth = 0): void {
    if (depth > maxDepth) throw notCanonical
    const start = this.at
    const major = this.head()
    if (major === byteString) this.take(this.argument)
    else if (major === text) {
      this.at = start
      this.ascii()
    } else if (major === array) for (let left = this.argument; left > 0; left--) this.skip(depth + 1)
    else if (major === map) this.#skipMap(this.argument, depth)
    else if (major === tagType) {
      this.at = start
      this.cid()
    } else if (major === simple) {
      if (this.argument < 20 || this.argument > 22) throw notCanonical
    }
  }

  #skipMap(count: number, depth: number): void {
    let [before, beforeEnd] = [-1, -1]
    for (let left = count; left > 0; left--) {
      const start = this.at
      this.key()
      if (before >= 0 && !this.inOrder(before, beforeEnd, start)) throw notCanonical
      before = start
      beforeEnd = this.at
      this.skip(depth + 1)
    }
  }

  /** Whether these bytes come next. */
  isNext(expected: Uint8Array): boolean {
    const { bytes, at } = this
    for (let i = 0; i < expected.length; i++) if (bytes[at + i] !== expected[i]) return false
    return true
  }

  /**
   * Whether the key whose head begins at `start` may follow the one from `before` to `beforeEnd`: shorter keys come first,
   * then keys in order of bytes, and none twice. With the shortest heads that is the byte order of the encoded keys.
   */
  inOrder(before: number, beforeEnd: number, start: number): boolean {
    for (let i = 0; before + i < beforeEnd; i++) {
      const a = this.bytes[before + i]!
      const b = this.bytes[start + i]
      if (a !== b) return b !== undefined && a < b
    }
    return false
  }

  #uint32(at: number): number {
    const { bytes } = this
    return ((bytes[at]! << 24) | (bytes[at + 1]! << 16) | (bytes[at + 2]! << 8) | bytes[at + 3]!) >>> 0
  }
}

const prototypeKey = Buffer.from('__proto__')

/** Whether a key is `__proto__`, under which objects of JavaScript hold no field of their own. */
export function isPrototypeKey(key: Uint8Array): boolean {
  return key.length === prototypeKey.length && prototypeKey.equals(key)
}

/** The known keys of a map in canonical order, each encoded; {@link stepMap} finds them by merging. */
export type KnownKeys = readonly Uint8Array[]

/** Prepares key names (of at most 23 bytes) for {@link stepMap}, in canonical order. */
export function knownKeys(names: readonly string[]): KnownKeys {
  return names
    .map((name) => new Uint8Array([0x60 | name.length, ...Buffer.from(name, 'ascii')]))
    .sort((a, b) => a.length - b.length || Buffer.compare(a, b))
}

/**
 * Steps over a map, calling `onKey` with the index of each known key; `onKey` steps over the value. Unknown keys
 * are stepped over. Returns a bit set of the known keys that were there.
 */
export function stepMap(stepper: CborStepper, known: KnownKeys, onKey: (index: number) => void): number {
  let present = 0
  let next = 0
  // Known keys are found in order, so the order must be checked only around unknown ones.
  let [before, beforeEnd] = [-1, -1]
  let unknownBefore = false
  for (let left = stepper.expect(map); left > 0; left--) {
    const start = stepper.at
    let index = next
    while (index < known.length && !stepper.isNext(known[index]!)) index++
    const isKnown = index < known.length
    if (isKnown) stepper.at = start + known[index]!.length
    else stepper.key()
    if ((unknownBefore || !isKnown) && before >= 0 && !stepper.inOrder(before, beforeEnd, start)) {
      throw notCanonical
    }
    before = start
    beforeEnd = stepper.at
    unknownBefore = !isKnown
    if (isKnown) {
      present |= 1 << index
      next = index + 1
      onKey(index)
    } else stepper.skip(1)
  }
  return present
}
