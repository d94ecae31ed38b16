/** The parameters of an announce or scrape (BEP 3, 7, 21, 23, 48), parsed in one pass over the query. */
export interface HttpQuery {
  /** The infohashes, 20 bytes for every `info_hash` parameter. */
  readonly infoHashes: Uint8Array
  infoHashCount: number
  peerIdBytes: number
  port: number
  /** 1 if nothing is left to download, 0 if something is, -1 if that was not said. */
  complete: number
  event: number
  wanted: number
  compact: boolean
  /** Whether peers may be listed without their ids. */
  withoutPeerIds: boolean
  key: number
  /** The first problem of the query, or ''. */
  problem: string
}

export const mostScraped = 64

export function newHttpQuery(): HttpQuery {
  return { ...empty, infoHashes: new Uint8Array(20 * mostScraped) }
}

/** Parses `target` from `at` (the character after the question mark) into `query`. */
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
  withoutPeerIds: false,
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
      if (query.infoHashCount === mostScraped) {
        query.problem ||= `more than ${mostScraped} info_hash parameters`
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
      query.compact = !isDigit(target, value, end, zero)
      return
    case 'no_peer_id':
      query.withoutPeerIds = isDigit(target, value, end, one)
      return
    case 'key':
      query.key = readKey(target.slice(value, end))
  }
}

const [zero, one] = [48, 49] as const

function isDigit(target: string, from: number, end: number, digit: number): boolean {
  return target.charCodeAt(from) === digit && end - from === 1
}

const discarded = new Uint8Array(20)

/** Percent-decodes into `into`; returns the number of bytes, or 21 if there are more than 20 or they are malformed. */
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

/** Parses a number of at most nine digits; returns -1 for anything else. */
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

/** Folds a key to the 16 bits that are stored. Clients write the same 32 bits in hexadecimal that they send by UDP. */
function readKey(text: string): number {
  if (/^[0-9a-fA-F]{1,8}$/.test(text)) return foldKey(Number.parseInt(text, 16))
  let hash = 0x811c9dc5
  for (let at = 0; at < text.length; at++) hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193)
  return foldKey(hash)
}

/** Folds the 32 bits of a key to the 16 that swarms store. */
export function foldKey(key: number): number {
  return (key ^ (key >>> 16)) & 0xffff
}
