import { kindAt, listItems, type Span, stringSpan } from '../bencode.ts'
import { MetainfoError } from './metainfo-error.ts'

/** A path element may not be longer than libtorrent's limit, in bytes. */
const maxElementBytes = 4095

/** The text at `span` as UTF-8; what is not UTF-8 becomes U+FFFD. */
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
 * The list of path elements at `at` (BEP 3 `path`, BEP 47 `symlink path`). Throws MetainfoError on one that leaves the
 * root; drops `.` and turns an empty element into `_`, as libtorrent does, which leaves nothing to climb with.
 */
export function readPath(bytes: Uint8Array, at: number, field: () => string): string[] {
  const path: string[] = []
  for (const item of listItems(bytes, at)) {
    if (kindAt(bytes, item) !== 'string') throw new MetainfoError(field(), 'a path element is not a string')
    const element = safeElement(bytes, stringSpan(bytes, item), field)
    if (element !== '.') path.push(element)
  }
  return path
}

/** One element of a path: never climbs, never absolute on any system, never empty, no NUL. */
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
 * A symlink's target as path elements under the torrent's root. BEP 47 counts from the root; targets with `..` occur
 * and count from the link's directory. Throws MetainfoError when neither stays inside.
 */
export function readSymlink(
  bytes: Uint8Array,
  at: number,
  link: { path: string[]; field: () => string },
): string[] {
  const elements: string[] = []
  for (const item of listItems(bytes, at)) {
    if (kindAt(bytes, item) !== 'string')
      throw new MetainfoError(link.field(), 'a path element is not a string')
    const span = stringSpan(bytes, item)
    elements.push(textOf(bytes, span) === '..' ? '..' : safeElement(bytes, span, link.field))
  }
  const target = resolve(elements) ?? resolve([...link.path.slice(0, -1), ...elements])
  if (!target) throw new MetainfoError(link.field(), "the symlink leaves the torrent's root directory")
  return target
}

/** Names that need a second look: empty, dots, slashes, NUL. */
const suspicious = /^\.{0,2}$|[/\\\0]/

/** Absolute, or with a `..` between slashes of either kind: harmless to a client that sanitises, fatal to one that joins. */
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
