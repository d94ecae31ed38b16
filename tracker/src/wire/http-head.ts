/** An announce or scrape as it came over the wire. */
export type Head = {
  kind: 'announce' | 'scrape'
  target: string
  /** Where the query begins in `target`. */
  query: number
  /** Bytes of the head, the blank line included. */
  length: number
  close: boolean
  forwardedFor: string | undefined
}

/**
 * Reads the head of a plain `GET /announce` or `GET /scrape` (RFC 9112) without a body.
 * @returns `incomplete` while the head may still become one, `other` for everything that is left to a full parser
 */
export function readHead(bytes: Buffer, mostBytes: number): Head | 'incomplete' | 'other' {
  const kind = startsWith(bytes, ANNOUNCE) ? 'announce' : startsWith(bytes, SCRAPE) ? 'scrape' : undefined
  if (kind === undefined) return couldBecome(bytes) ? 'incomplete' : 'other'
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1')
  if (end < 0) return bytes.length < mostBytes ? 'incomplete' : 'other'
  const text = bytes.toString('latin1', 0, end)
  const lineEnd = text.indexOf('\r\n')
  const line = lineEnd < 0 ? text : text.slice(0, lineEnd)
  const minor = line.endsWith(' HTTP/1.1') ? 1 : line.endsWith(' HTTP/1.0') ? 0 : -1
  const target = line.slice(4, -9)
  const pathEnd = kind === 'announce' ? 9 : 7
  if (minor < 0 || target.indexOf(' ') >= 0) return 'other'
  if (target.length > pathEnd && target.charCodeAt(pathEnd) !== QUESTION_MARK) return 'other'
  const head: Head = {
    kind,
    target,
    query: pathEnd + 1,
    length: end + 4,
    close: minor === 0,
    forwardedFor: undefined,
  }
  return lineEnd < 0 || readHeaders(text, lineEnd + 2, head) ? head : 'other'
}

const ANNOUNCE = Buffer.from('GET /announce')
const SCRAPE = Buffer.from('GET /scrape')
const QUESTION_MARK = 63

function startsWith(bytes: Buffer, start: Buffer): boolean {
  if (bytes.length < start.length) return false
  for (let at = start.length - 1; at >= 0; at--) if (bytes[at] !== start[at]) return false
  return true
}

function couldBecome(bytes: Buffer): boolean {
  return [ANNOUNCE, SCRAPE].some(
    (start) => bytes.length < start.length && start.compare(bytes, 0, bytes.length, 0, bytes.length) === 0,
  )
}

/** False when a header asks for more than is understood here. */
function readHeaders(text: string, from: number, head: Head): boolean {
  for (let at = from; at < text.length; ) {
    let end = text.indexOf('\r\n', at)
    if (end < 0) end = text.length
    const colon = text.indexOf(':', at)
    if (colon <= at || colon >= end) return false
    // Told apart by length first: most headers are none of these.
    const length = colon - at
    if (length === 10 || length === 15 || length === 7 || length === 14 || length === 17) {
      const name = text.slice(at, colon).toLowerCase()
      if (name === 'connection') {
        const value = text
          .slice(colon + 1, end)
          .trim()
          .toLowerCase()
        if (value === 'close') head.close = true
        else if (value === 'keep-alive') head.close = false
        else return false
      } else if (name === 'x-forwarded-for') {
        const value = text.slice(colon + 1, end)
        head.forwardedFor = head.forwardedFor === undefined ? value : `${head.forwardedFor},${value}`
      } else if (name === 'upgrade' || name === 'transfer-encoding') return false
      else if (name === 'content-length' && text.slice(colon + 1, end).trim() !== '0') return false
    }
    at = end + 2
  }
  return true
}
