import { kindAt, listItems, type Span, stringSpan } from '../bencode.ts'
import { MetainfoError, MetainfoLimitError } from './metainfo-error.ts'

/** The longest path element that libtorrent allows, in bytes. */
const maxElementBytes = 4095

/** Limits of a path, counted from the torrent's root. */
export interface PathLimits {
  /** The size as UTF-8, with a slash between the elements. Operating systems open no path longer than 4,096 bytes. */
  readonly maxPathBytes: number
  /** The number of elements of a path. */
  readonly maxDepth: number
}

/** The size of `element` as UTF-8; `span` is the position it was read from. */
export function elementBytes(element: string, span: Span): number {
  const length = span.end - span.start
  // Invalid UTF-8 is decoded to a character that takes three bytes instead of one.
  const isPlain = element.length === length && !element.includes('\ufffd')
  return isPlain ? length : Buffer.byteLength(element)
}

/** Throws MetainfoLimitError if a path with this many elements and bytes, including slashes, exceeds the limits. */
export function assertPathFits(
  path: { depth: number; sizeBytes: number },
  { maxPathBytes, maxDepth }: PathLimits,
  field: () => string,
): void {
  if (path.sizeBytes > maxPathBytes)
    throw new MetainfoLimitError(field(), `a path of more than ${maxPathBytes} bytes`)
  if (path.depth > maxDepth) throw new MetainfoLimitError(field(), `a path of more than ${maxDepth} elements`)
}

/** The text at `span` as UTF-8; invalid bytes become U+FFFD. */
export function textOf(bytes: Uint8Array, span: Span): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer.toString('utf8', span.start, span.end)
}

/** The bytes at `span` as lowercase hex. */
export function hexOf(bytes: Uint8Array, span: Span): string {
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return buffer.toString('hex', span.start, span.end)
}

/**
 * The path elements in the list at `at` (BEP 3 `path`, BEP 47 `symlink path`). Throws MetainfoError for one that leaves
 * the root. Like libtorrent, it drops `.` and turns an empty element into `_`, so no element can lead upwards.
 */
export function readPath(bytes: Uint8Array, at: number, limits: PathLimits, field: () => string): string[] {
  const path: string[] = []
  let sizeBytes = -1
  for (const item of listItems(bytes, at)) {
    if (kindAt(bytes, item) !== 'string') throw new MetainfoError(field(), 'a path element is not a string')
    const span = stringSpan(bytes, item)
    const element = safeElement(bytes, span, field)
    if (element === '.') continue
    path.push(element)
    sizeBytes += elementBytes(element, span) + 1
    assertPathFits({ depth: path.length, sizeBytes }, limits, field)
  }
  return path
}

/** One element of a path, which never leads upwards, is never absolute on any system, never empty, and contains no NUL. */
export function safeElement(bytes: Uint8Array, span: Span, field: () => string): string {
  if (span.end - span.start > maxElementBytes)
    throw new MetainfoError(field(), `a name of more than ${maxElementBytes} bytes`)
  const element = textOf(bytes, span)
  if (!suspicious.test(element)) return element
  if (element === '') return '_'
  if (element.includes('\0')) throw new MetainfoError(field(), 'a name with a NUL byte')
  if (climbs(element))
    throw new MetainfoError(
      field(),
      `${JSON.stringify(element.slice(0, 80))} leaves the torrent's root directory`,
    )
  return element.includes('/') ? element.replaceAll('/', '') : element
}

/**
 * A symlink's target as path elements under the torrent's root. BEP 47 targets are relative to the root; targets with
 * `..` also occur, and are relative to the link's directory. Throws MetainfoError if neither reading stays inside the
 * root.
 */
export function readSymlink(
  bytes: Uint8Array,
  at: number,
  link: { path: string[]; limits: PathLimits; field: () => string },
): string[] {
  const elements: string[] = []
  let sizeBytes = -1
  for (const item of listItems(bytes, at)) {
    if (kindAt(bytes, item) !== 'string')
      throw new MetainfoError(link.field(), 'a path element is not a string')
    const span = stringSpan(bytes, item)
    const element = textOf(bytes, span) === '..' ? '..' : safeElement(bytes, span, link.field)
    elements.push(element)
    sizeBytes += elementBytes(element, span) + 1
    assertPathFits({ depth: elements.length, sizeBytes }, link.limits, link.field)
  }
  const target = resolve(elements) ?? resolve([...link.path.slice(0, -1), ...elements])
  if (!target) throw new MetainfoError(link.field(), "the symlink leaves the torrent's root directory")
  return target
}

/** Names that need a closer check: empty ones, dots, slashes, NUL. */
const suspicious = /^\.{0,2}$|[/\\\0]/

/**
 * Whether a name is absolute or contains `..` between slashes of either kind: this is harmless to a client that
 * sanitizes names, and dangerous to one that only joins them.
 */
export function climbs(name: string): boolean {
  return name.startsWith('/') || name.split(/[/\\]/).includes('..')
}

function resolve(elements: readonly string[]): string[] | null {
  const target: string[] = []
  for (const element of elements) {
    if (element === '..' && target.pop() === undefined) return null
    if (element !== '..' && element !== '.') target.push(element)
  }
  return target
}
