/** An announce or scrape request as it was received. */
export interface Head {
  kind: 'announce' | 'scrape'
  target: string
  /** The offset of the query in `target`. */
  query: number
  /** The length of the head in bytes, including the blank line. */
  length: number
  close: boolean
  forwardedFor: string | undefined
}

/**
 * Reads the head of a plain `GET /announce` or `GET /scrape` (RFC 9112) without a body. A head that two parsers might
 * read differently (names that are not tokens, folded lines, bare CR or LF, any mention of a body) is not accepted
 * here, so that the body of a request is never taken for a second request.
 * @returns `incomplete` while more bytes may complete the head, `other` for everything that is left to a full parser
 */
export function readHead(bytes: Buffer, mostBytes: number): Head | 'incomplete' | 'other' {
  const kind = startsWith(bytes, announce) ? 'announce' : startsWith(bytes, scrape) ? 'scrape' : undefined
  if (kind === undefined) return couldBecome(bytes) ? 'incomplete' : 'other'
  const end = bytes.indexOf('\r\n\r\n', 0, 'latin1')
  if (end < 0) return bytes.length < mostBytes && !hasBareEnd(bytes) ? 'incomplete' : 'other'
  const text = bytes.toString('latin1', 0, end + 2)
  const lineEnd = text.indexOf('\r\n')
  const line = requestLine.exec(text.slice(0, lineEnd))
  if (line === null) return 'other'
  const head: Head = {
    kind,
    target: line[1]!,
    query: (kind === 'announce' ? announce.length : scrape.length) - 3,
    length: end + 4,
    close: line[2] === '0',
    forwardedFor: undefined,
  }
  return readFields(text, lineEnd + 2, head) ? head : 'other'
}

const announce = Buffer.from('GET /announce')
const scrape = Buffer.from('GET /scrape')
/** A target without spaces, control characters, fragments and bytes beyond ASCII. */
const requestLine = /^GET (\/(?:announce|scrape)(?:\?[!"$-~]*)?) HTTP\/1\.([01])$/
/** A header field, `field-name ":" field-value`, without bytes beyond ASCII (RFC 9110, section 5.5). */
const fieldPattern = /([!#$%&'*+.^_`|~0-9A-Za-z-]+):([\t -~]*)\r\n/y

function startsWith(bytes: Buffer, start: Buffer): boolean {
  if (bytes.length < start.length) return false
  for (let at = start.length - 1; at >= 0; at--) if (bytes[at] !== start[at]) return false
  return true
}

function couldBecome(bytes: Buffer): boolean {
  return [announce, scrape].some(
    (start) => bytes.length < start.length && start.compare(bytes, 0, bytes.length, 0, bytes.length) === 0,
  )
}

/** Whether a line ends in a bare LF, which some parsers take for the end of the head. */
function hasBareEnd(bytes: Buffer): boolean {
  for (let at = bytes.indexOf(lf); at >= 0; at = bytes.indexOf(lf, at + 1)) {
    if (bytes[at - 1] !== cr) return true
  }
  return false
}

const [lf, cr] = [10, 13] as const

/** Returns false if a field is malformed or asks for more than is supported here. */
function readFields(text: string, from: number, head: Head): boolean {
  let connections = 0
  for (let at = from; at < text.length; at = fieldPattern.lastIndex) {
    fieldPattern.lastIndex = at
    const field = fieldPattern.exec(text)
    if (field === null) return false
    // The length is compared first, because most fields are none of these.
    const name = meaningfulLengths.has(field[1]!.length) ? field[1]!.toLowerCase() : ''
    if (leftToOthers.has(name)) return false
    if (name === 'connection') {
      const value = field[2]!.trim().toLowerCase()
      if (connections++ > 0 || (value !== 'close' && value !== 'keep-alive')) return false
      head.close ||= value === 'close'
    } else if (name === 'x-forwarded-for') {
      head.forwardedFor = head.forwardedFor === undefined ? field[2]! : `${head.forwardedFor},${field[2]}`
    }
  }
  return true
}

/** Fields about a body, another protocol, or a step before the answer; such requests are left to node:http. */
const leftToOthers = new Set([
  'content-length',
  'transfer-encoding',
  'upgrade',
  'expect',
  'te',
  'trailer',
  'http2-settings',
  'proxy-connection',
  'keep-alive',
])
const meaningfulLengths = new Set(
  [...leftToOthers, 'connection', 'x-forwarded-for'].map((name) => name.length),
)
