// Bencode (BEP 3) read in place: positions into the bytes are the values, so that `info` is hashed as it stands
// and a million files cost no objects. `scanValue` proves the structure once; everything after it trusts the bytes.

/** What a decoder accepts before it refuses; the defaults of libtorrent except for the number of values. */
export interface BencodeLimits {
  /** Containers inside containers. */
  readonly maxDepth: number
  /** Values in all: strings, integers, lists, dictionaries and their ends. */
  readonly maxValues: number
}

export const defaultBencodeLimits: BencodeLimits = { maxDepth: 100, maxValues: 40_000_000 }

/** The bytes are no bencode, or exceed a limit; `offset` is the byte at which reading stopped. */
export class BencodeError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`)
    this.name = 'BencodeError'
    this.offset = offset
  }
}

/** A value by where it stands: `[start, end)` in the bytes it was read from. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Checks that one bencoded value stands at `start` and returns the offset just behind it; bytes after it are not
 * looked at. Keys out of order, repeated keys and leading zeros pass here (see `assertCanonical`). Throws BencodeError.
 */
export function scanValue(bytes: Uint8Array, start = 0, limits: Partial<BencodeLimits> = {}): number {
  const { maxDepth, maxValues } = { ...defaultBencodeLimits, ...limits }
  // One byte per open container: LIST, KEY (a dictionary waiting for a key) or VALUE (for a value).
  const open = new Uint8Array(maxDepth)
  let depth = 0
  let values = 0
  let at = start
  do {
    if (depth >= maxDepth) throw new BencodeError(`nested deeper than ${maxDepth}`, at)
    if (++values > maxValues) throw new BencodeError(`more than ${maxValues} values`, at)
    const byte = bytes[at]
    const state = depth > 0 ? open[depth - 1]! : LIST
    if (byte === END) {
      if (depth === 0) throw new BencodeError('expected a value, found "e"', at)
      if (state === VALUE) throw new BencodeError('a dictionary key has no value', at)
      depth--
      at++
    } else if (state === KEY && !isDigit(byte)) {
      throw new BencodeError(at < bytes.length ? 'expected a string as key' : 'unexpected end of file', at)
    } else if (byte === DICT || byte === LISTS) {
      open[depth++] = byte === DICT ? KEY : LIST
      at++
      continue
    } else if (byte === INT) {
      at = scanInteger(bytes, at)
    } else {
      at = scanString(bytes, at)
    }
    if (depth > 0 && open[depth - 1] !== LIST) open[depth - 1] = open[depth - 1] === KEY ? VALUE : KEY
  } while (depth > 0)
  return at
}

/** The end of the value at `at`, in bytes that `scanValue` accepted. */
export function valueEnd(bytes: Uint8Array, at: number): number {
  let depth = 0
  do {
    const byte = bytes[at]!
    if (byte === DICT || byte === LISTS) {
      depth++
      at++
    } else if (byte === END) {
      depth--
      at++
    } else if (byte === INT) {
      while (bytes[at] !== END) at++
      at++
    } else {
      at = stringEnd(bytes, at)
    }
  } while (depth > 0)
  return at
}

/** Walks the dictionary at `at` in file order: where each key's text stands and where its value starts. */
export function* dictEntries(bytes: Uint8Array, at: number): Generator<{ key: Span; value: number }> {
  at++
  while (bytes[at] !== END) {
    const key = stringSpan(bytes, at)
    yield { key, value: key.end }
    at = valueEnd(bytes, key.end)
  }
}

/** Walks the list at `at`: where each item starts. */
export function* listItems(bytes: Uint8Array, at: number): Generator<number> {
  at++
  while (bytes[at] !== END) {
    yield at
    at = valueEnd(bytes, at)
  }
}

/** Where the value of the first `key` (ASCII) of the dictionary at `at` starts, or -1. */
export function findKey(bytes: Uint8Array, at: number, key: string): number {
  at++
  while (bytes[at] !== END) {
    let length = 0
    for (; bytes[at] !== COLON; at++) length = length * 10 + (bytes[at]! - ZERO)
    const value = at + 1 + length
    if (length === key.length && equalsAscii(bytes, at + 1, key)) return value
    at = valueEnd(bytes, value)
  }
  return -1
}

export type BencodeKind = 'string' | 'integer' | 'list' | 'dictionary'

/**
 * Looks the `keys` of the dictionary at `at` up in one pass: writes where the first value of each starts, or -1, to the same
 * place of `found`, and returns the end of the dictionary.
 */
export function findKeys(bytes: Uint8Array, at: number, keys: readonly string[], found: Int32Array): number {
  found.fill(-1)
  at++
  while (bytes[at] !== END) {
    let length = 0
    for (; bytes[at] !== COLON; at++) length = length * 10 + (bytes[at]! - ZERO)
    const start = at + 1
    const value = start + length
    for (let k = 0; k < keys.length; k++)
      if (keys[k]!.length === length && found[k] === -1 && equalsAscii(bytes, start, keys[k]!))
        found[k] = value
    at = valueEnd(bytes, value)
  }
  return at + 1
}

/** What stands at `at`. */
export function kindAt(bytes: Uint8Array, at: number): BencodeKind {
  const byte = bytes[at]
  return byte === DICT ? 'dictionary' : byte === LISTS ? 'list' : byte === INT ? 'integer' : 'string'
}

/** The text of the string at `at`, without its length. */
export function stringSpan(bytes: Uint8Array, at: number): Span {
  let length = 0
  for (; bytes[at] !== COLON; at++) length = length * 10 + (bytes[at]! - ZERO)
  return { start: at + 1, end: at + 1 + length }
}

/** The integer at `at`; one that a number cannot hold exactly is plus or minus Infinity, so every range check refuses it. */
export function integerAt(bytes: Uint8Array, at: number): number {
  const negative = bytes[at + 1] === MINUS
  let value = 0
  for (at += negative ? 2 : 1; bytes[at] !== END; at++) value = value * 10 + (bytes[at]! - ZERO)
  if (value > Number.MAX_SAFE_INTEGER) value = Number.POSITIVE_INFINITY
  return negative ? 0 - value : value
}

/**
 * Throws unless the value at `at` is written the one way bencode allows: keys sorted as bytes and unique, no leading
 * zeros. BEP 52 demands it of `info` in v2 torrents.
 */
export function assertCanonical(bytes: Uint8Array, at: number): void {
  // For each open container where its last key starts: NO_KEY before the first, LIST_OPEN for a list.
  const lastKey: number[] = []
  let isKey = false
  do {
    const byte = bytes[at]!
    if (byte === END) {
      lastKey.pop()
      isKey = true
      at++
      continue
    }
    const previous = lastKey.length > 0 ? lastKey[lastKey.length - 1]! : LIST_OPEN
    if (previous !== LIST_OPEN && isKey) {
      if (previous !== NO_KEY && compareStrings(bytes, previous, at) >= 0)
        throw new BencodeError('dictionary keys are repeated or out of order', at)
      lastKey[lastKey.length - 1] = at
    }
    const digits = byte === INT ? at + 1 : at
    if (bytes[digits] === ZERO && bytes[digits + 1] !== END && bytes[digits + 1] !== COLON)
      throw new BencodeError('a number with a leading zero', at)
    if (byte === DICT || byte === LISTS) {
      lastKey.push(byte === DICT ? NO_KEY : LIST_OPEN)
      isKey = true
      at++
    } else {
      isKey = !isKey
      at = byte === INT ? valueEnd(bytes, at) : stringEnd(bytes, at)
    }
  } while (lastKey.length > 0)
}

const [NO_KEY, LIST_OPEN] = [-1, -2] as const

/** Orders the strings that start at `a` and `b` as bencode orders keys: by their bytes, the shorter first. */
function compareStrings(bytes: Uint8Array, a: number, b: number): number {
  let lengthA = 0
  let lengthB = 0
  for (; bytes[a] !== COLON; a++) lengthA = lengthA * 10 + (bytes[a]! - ZERO)
  for (; bytes[b] !== COLON; b++) lengthB = lengthB * 10 + (bytes[b]! - ZERO)
  for (let i = 1; i <= lengthA && i <= lengthB; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

const [DICT, LISTS, INT, END, COLON, MINUS, ZERO] = [0x64, 0x6c, 0x69, 0x65, 0x3a, 0x2d, 0x30] as const
const [LIST, KEY, VALUE] = [0, 1, 2] as const

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function scanInteger(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] === MINUS ? at + 2 : at + 1
  let end = first
  while (isDigit(bytes[end])) end++
  if (end === first || bytes[end] !== END) throw new BencodeError('expected a digit in an integer', end)
  if (end - first > 20) throw new BencodeError('an integer of more than 20 digits', at)
  return end + 1
}

function scanString(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) throw new BencodeError('unexpected end of file', at)
  let colon = at
  while (isDigit(bytes[colon])) colon++
  if (colon === at) throw new BencodeError('expected a value', at)
  if (colon - at > 15) throw new BencodeError('a string length of more than 15 digits', at)
  if (bytes[colon] !== COLON) throw new BencodeError('expected ":" after a string length', colon)
  const end = stringEnd(bytes, at)
  if (end > bytes.length) throw new BencodeError('a string runs past the end of the file', at)
  return end
}

function stringEnd(bytes: Uint8Array, at: number): number {
  let length = 0
  for (; bytes[at] !== COLON; at++) length = length * 10 + (bytes[at]! - ZERO)
  return at + 1 + length
}

function equalsAscii(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}
