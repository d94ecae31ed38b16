/** The parameters of an announce or scrape (BEP 3, 7, 21, 23, 48), read in one pass over the query. */
export type HttpQuery = {
  /** 20 bytes for every `info_hash` given. */
  readonly infoHashes: Uint8Array
  infoHashCount: number
  peerIdBytes: number
  port: number
  /** 1 when nothing is left, 0 when something is, -1 when it was not said. */
  complete: number
  event: number
  wanted: number
  compact: boolean
  key: number
  /** The first thing that is wrong, or ''. */
  problem: string
}

export const MOST_SCRAPED = 64

export function newHttpQuery(): HttpQuery {
  return { ...empty, infoHashes: new Uint8Array(20 * MOST_SCRAPED) }
}

/** Reads `target` from `at` (the character after the question mark) into `query`. */
export function readQuery(target: string, at: number, query: HttpQuery): void {
  Object.assign(query, empty)
  for (let from = at; from < target.length; ) {
    let end = target.indexOf('&', from)
    if (end < 0) end = target.length
    const equals = target.indexOf('=', from)
    if (equals > 0 && equals < end) readParameter(target, from, { equals, end }, query)
    from = end + 1
  }
}

const empty = {
  infoHashCount: 0,
  peerIdBytes: -1,
  port: -1,
  complete: -1,
  event: 0,
  wanted: -1,
  compact: true,
  key: 0,
  problem: '',
}

const events: Readonly<Record<string, number>> = { completed: 1, started: 2, stopped: 3, paused: 4 }

function readParameter(
  target: string,
  from: number,
  { equals, end }: { equals: number; end: number },
  query: HttpQuery,
): void {
  const value = equals + 1
  switch (target.slice(from, equals)) {
    case 'info_hash':
      if (query.infoHashCount === MOST_SCRAPED) {
        query.problem ||= `more than ${MOST_SCRAPED} info_hash parameters`
      } else if (decode(target, value, end, query.infoHashes.subarray(query.infoHashCount * 20)) === 20) {
        query.infoHashCount++
      } else query.problem ||= 'info_hash must be 20 bytes, percent-encoded'
      return
    case 'peer_id':
      query.peerIdBytes = decode(target, value, end, discarded)
      return
    case 'port':
      query.port = readDecimal(target, value, end)
      return
    case 'left':
      query.complete = /^0+$/.test(target.slice(value, end)) ? 1 : 0
      return
    case 'event':
      query.event = events[target.slice(value, end)] ?? 0
      return
    case 'numwant':
      query.wanted = readDecimal(target, value, end)
      return
    case 'compact':
      query.compact = target.charCodeAt(value) !== 48 || end - value !== 1
      return
    case 'key':
      query.key = readKey(target.slice(value, end))
  }
}

const discarded = new Uint8Array(20)

/** Percent-decodes into `into`; the number of bytes there are, or 21 when they are more than 20 or malformed. */
function decode(target: string, from: number, end: number, into: Uint8Array): number {
  let length = 0
  for (let at = from; at < end; at++) {
    if (length === 20) return 21
    let code = target.charCodeAt(at)
    if (code === 37) {
      const high = at + 2 < end ? hexDigit(target.charCodeAt(at + 1)) : -1
      const low = at + 2 < end ? hexDigit(target.charCodeAt(at + 2)) : -1
      if (high < 0 || low < 0) return 21
      code = high * 16 + low
      at += 2
    } else if (code === 43) code = 32
    into[length++] = code
  }
  return length
}

function hexDigit(code: number): number {
  if (code >= 48 && code <= 57) return code - 48
  const letter = code | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

/** A number of at most nine digits, else -1. */
function readDecimal(target: string, from: number, end: number): number {
  if (end === from || end - from > 9) return -1
  let value = 0
  for (let at = from; at < end; at++) {
    const digit = target.charCodeAt(at) - 48
    if (digit < 0 || digit > 9) return -1
    value = value * 10 + digit
  }
  return value
}

/** Folds a key to the 16 bits kept of it. Clients write the same 32 bits in hexadecimal that they send by UDP. */
function readKey(text: string): number {
  if (/^[0-9a-fA-F]{1,8}$/.test(text)) return foldKey(Number.parseInt(text, 16))
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return foldKey(hash)
}

/** 32 bits of key to the 16 that swarms keep. */
export function foldKey(key: number): number {
  return (key ^ (key >>> 16)) & 0xffff
}
