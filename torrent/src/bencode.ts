// Bencode (BEP 3) read in place: positions into the bytes are the values, so that `info` is hashed as it stands
// and a million files cost no objects. `scanValue` proves the structure once; everything after it trusts the bytes.

/** Limits of a decoder; the defaults are those of libtorrent, except for the number of values. */
export interface BencodeLimits {
  /** The nesting depth of lists and dictionaries. */
  readonly maxDepth: number
  /** The number of values in total: strings, integers, lists, dictionaries and their ends. */
  readonly maxValues: number
}

export const defaultBencodeLimits: BencodeLimits = { maxDepth: 100, maxValues: 40_000_000 }

/** The bytes are not valid bencode, or exceed a limit; `offset` is the byte at which reading stopped. */
export class BencodeError extends Error {
  readonly offset: number
  constructor(message: string, offset: number) {
    super(`${message} at byte ${offset}`)
    this.name = 'BencodeError'
    this.offset = offset
  }
}

/** The position of a value: `[start, end)` in the bytes that it was read from. */
export interface Span {
  readonly start: number
  readonly end: number
}

/**
 * Checks that a valid bencoded value begins at `start`, and returns the offset after it; bytes after that are not read.
 * Unsorted keys, repeated keys and leading zeros are accepted here (see `assertCanonical`). Throws BencodeError.
 */
export function scanValue(bytes: Uint8Array, start = 0, limits: Partial<BencodeLimits> = {}): number {
  const { maxDepth, maxValues } = { ...defaultBencodeLimits, ...limits }
  // One byte per open container: LIST, KEY (a dictionary that expects a key) or VALUE (one that expects a value).
  const open = new Uint8Array(maxDepth)
  let depth = 0
  let values = 0
  let at = start
  do {
    if (depth >= maxDepth) throw new BencodeError(`nested deeper than ${maxDepth}`, at)
    if (++values > maxValues) throw new BencodeError(`more than ${maxValues} values`, at)
    const byte = bytes[at]
    const state = depth > 0 ? open[depth - 1]! : list
    if (byte === endByte) {
      if (depth === 0) throw new BencodeError('expected a value, found "e"', at)
      if (state === valueState) throw new BencodeError('a dictionary key has no value', at)
      depth--
      at++
    } else if (state === keyType && !isDigit(byte)) {
      throw new BencodeError(at < bytes.length ? 'expected a string as key' : 'unexpected end of file', at)
    } else if (byte === dict || byte === lists) {
      open[depth++] = byte === dict ? keyType : list
      at++
      continue
    } else if (byte === int) {
      at = scanInteger(bytes, at)
    } else {
      at = scanString(bytes, at)
    }
    if (depth > 0 && open[depth - 1] !== list)
      open[depth - 1] = open[depth - 1] === keyType ? valueState : keyType
  } while (depth > 0)
  return at
}

/** The end of the value at `at`, in bytes that `scanValue` accepted. */
export function valueEnd(bytes: Uint8Array, at: number): number {
  let depth = 0
  do {
    const byte = bytes[at]!
    if (byte === dict || byte === lists) {
      depth++
      at++
    } else if (byte === endByte) {
      depth--
      at++
    } else if (byte === int) {
      while (bytes[at] !== endByte) at++
      at++
    } else {
      at = stringEnd(bytes, at)
    }
  } while (depth > 0)
  return at
}

/** Iterates over the dictionary at `at` in file order: yields the position of each key's text and the start of its value. */
export function* dictEntries(bytes: Uint8Array, at: number): Generator<{ key: Span; value: number }> {
  at++
  while (bytes[at] !== endByte) {
    const key = stringSpan(bytes, at)
    yield { key, value: key.end }
    at = valueEnd(bytes, key.end)
  }
}

/** Iterates over the list at `at`: yields the start of each item. */
export function* listItems(bytes: Uint8Array, at: number): Generator<number> {
  at++
  while (bytes[at] !== endByte) {
    yield at
    at = valueEnd(bytes, at)
  }
}

/** The start of the first value with this `key` (ASCII) in the dictionary at `at`, or -1. */
export function findKey(bytes: Uint8Array, at: number, key: string): number {
  at++
  while (bytes[at] !== endByte) {
    let length = 0
    for (; bytes[at] !== colonByte; at++) length = length * 10 + (bytes[at]! - zero)
    const value = at + 1 + length
    if (length === key.length && equalsAscii(bytes, at + 1, key)) return value
    at = valueEnd(bytes, value)
  }
  return -1
}

export type BencodeKind = 'string' | 'integer' | 'list' | 'dictionary'

/**
 * Looks up the `keys` of the dictionary at `at` in one pass: writes the start of the first value of each key, or -1, to
 * the same index of `found`, and returns the end of the dictionary.
 */
export function findKeys(bytes: Uint8Array, at: number, keys: readonly string[], found: Int32Array): number {
  found.fill(-1)
  at++
  while (bytes[at] !== endByte) {
    let length = 0
    for (; bytes[at] !== colonByte; at++) length = length * 10 + (bytes[at]! - zero)
    const start = at + 1
    const value = start + length
    for (let k = 0; k < keys.length; k++)
      if (keys[k]!.length === length && found[k] === -1 && equalsAscii(bytes, start, keys[k]!))
        found[k] = value
    at = valueEnd(bytes, value)
  }
  return at + 1
}

/**
 * The start of the first value of each of `keys` (ASCII) in the dictionary at `at`, or -1, and the end of the
 * dictionary. It takes one pass, because the dictionary may be nearly all of a large file.
 */
export function lookUp<Key extends string>(
  bytes: Uint8Array,
  at: number,
  keys: readonly Key[],
): { readonly at: Readonly<Record<Key, number>>; readonly end: number } {
  const found = new Int32Array(keys.length)
  const end = findKeys(bytes, at, keys, found)
  return { at: Object.fromEntries(keys.map((key, i) => [key, found[i]!])) as Record<Key, number>, end }
}

/** The kind of the value at `at`. */
export function kindAt(bytes: Uint8Array, at: number): BencodeKind {
  const byte = bytes[at]
  return byte === dict ? 'dictionary' : byte === lists ? 'list' : byte === int ? 'integer' : 'string'
}

/** The position of the text of the string at `at`, without its length prefix. */
export function stringSpan(bytes: Uint8Array, at: number): Span {
  let length = 0
  for (; bytes[at] !== colonByte; at++) length = length * 10 + (bytes[at]! - zero)
  return { start: at + 1, end: at + 1 + length }
}

/**
 * The integer at `at`. One that a number cannot represent exactly becomes plus or minus Infinity, so that every range
 * check rejects it.
 */
export function integerAt(bytes: Uint8Array, at: number): number {
  const negative = bytes[at + 1] === minus
  let value = 0
  for (at += negative ? 2 : 1; bytes[at] !== endByte; at++) value = value * 10 + (bytes[at]! - zero)
  if (value > Number.MAX_SAFE_INTEGER) value = Number.POSITIVE_INFINITY
  return negative ? 0 - value : value
}

/**
 * Throws BencodeError unless the value at `at` is canonical: keys sorted as bytes and unique, no leading zeros. BEP 52
 * requires this of `info` in v2 torrents.
 */
export function assertCanonical(bytes: Uint8Array, at: number): void {
  // For each open container, the start of its last key: noKey before the first, listOpen for a list.
  const lastKey: number[] = []
  let isKey = false
  do {
    const byte = bytes[at]!
    if (byte === endByte) {
      lastKey.pop()
      isKey = true
      at++
      continue
    }
    const previous = lastKey.length > 0 ? lastKey[lastKey.length - 1]! : listOpen
    if (previous !== listOpen && isKey) {
      if (previous !== noKey && compareStrings(bytes, previous, at) >= 0)
        throw new BencodeError('dictionary keys are repeated or out of order', at)
      lastKey[lastKey.length - 1] = at
    }
    const digits = byte === int ? at + 1 : at
    if (bytes[digits] === zero && bytes[digits + 1] !== endByte && bytes[digits + 1] !== colonByte)
      throw new BencodeError('a number with a leading zero', at)
    if (byte === dict || byte === lists) {
      lastKey.push(byte === dict ? noKey : listOpen)
      isKey = true
      at++
    } else {
      isKey = !isKey
      at = byte === int ? valueEnd(bytes, at) : stringEnd(bytes, at)
    }
  } while (lastKey.length > 0)
}

const [noKey, listOpen] = [-1, -2] as const

/** Compares the strings that start at `a` and `b` in the order of bencode keys: by their bytes, and a prefix comes first. */
function compareStrings(bytes: Uint8Array, a: number, b: number): number {
  let lengthA = 0
  let lengthB = 0
  for (; bytes[a] !== colonByte; a++) lengthA = lengthA * 10 + (bytes[a]! - zero)
  for (; bytes[b] !== colonByte; b++) lengthB = lengthB * 10 + (bytes[b]! - zero)
  for (let i = 1; i <= lengthA && i <= lengthB; i++) {
    const difference = bytes[a + i]! - bytes[b + i]!
    if (difference !== 0) return difference
  }
  return lengthA - lengthB
}

const [dict, lists, int, endByte, colonByte, minus, zero] = [
  0x64, 0x6c, 0x69, 0x65, 0x3a, 0x2d, 0x30,
] as const
const [list, keyType, valueState] = [0, 1, 2] as const

function isDigit(byte: number | undefined): boolean {
  return byte !== undefined && byte >= 0x30 && byte <= 0x39
}

function scanInteger(bytes: Uint8Array, at: number): number {
  const first = bytes[at + 1] === minus ? at + 2 : at + 1
  let end = first
  while (isDigit(bytes[end])) end++
  if (end === first || bytes[end] !== endByte) throw new BencodeError('expected a digit in an integer', end)
  if (end - first > 20) throw new BencodeError('an integer of more than 20 digits', at)
  return end + 1
}

function scanString(bytes: Uint8Array, at: number): number {
  if (at >= bytes.length) throw new BencodeError('unexpected end of file', at)
  let colon = at
  while (isDigit(bytes[colon])) colon++
  if (colon === at) throw new BencodeError('expected a value', at)
  if (colon - at > 15) throw new BencodeError('a string length of more than 15 digits', at)
  if (bytes[colon] !== colonByte) throw new BencodeError('expected ":" after a string length', colon)
  const end = stringEnd(bytes, at)
  if (end > bytes.length) throw new BencodeError('a string runs past the end of the file', at)
  return end
}

function stringEnd(bytes: Uint8Array, at: number): number {
  let length = 0
  for (; bytes[at] !== colonByte; at++) length = length * 10 + (bytes[at]! - zero)
  return at + 1 + length
}

function equalsAscii(bytes: Uint8Array, at: number, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text.charCodeAt(i)) return false
  return true
}
