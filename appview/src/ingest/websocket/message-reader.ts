/** Why a server's bytes are no WebSocket stream that we read (RFC 6455). */
export class WebSocketFault extends Error {
  override readonly name = 'WebSocketFault'
  /** Status code for the closing frame (RFC 6455 §7.4.1). */
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export type MessageEvents = {
  /** A binary message. The bytes are lent: they are overwritten once this returns. */
  onMessage(bytes: Uint8Array): void
  onPing(payload: Uint8Array): void
  onPong(): void
  onClose(code: number, reason: string): void
}

/** Takes a server's bytes apart into messages, in place where a message lies whole in one chunk. */
export type MessageReader = {
  /** Reads a chunk, which is free for reuse afterwards. Throws {@link WebSocketFault}. */
  push(chunk: Uint8Array): void
}

const CONTINUATION = 0
const BINARY = 2
const CLOSE = 8
const PING = 9
const PONG = 10
const MAX_CONTROL_BYTES = 125
const MIN_CARRY_BYTES = 256
const MAX_KEPT_BYTES = 1 << 20
const EMPTY = new Uint8Array()

/** Makes a reader for one connection; a message of more than `maxBytes`, fragments together, is a fault. */
export function createMessageReader(events: MessageEvents, maxBytes: number): MessageReader {
  /** The frame that began in an earlier chunk: its bytes so far, in a buffer with room for all of it. */
  let carry = EMPTY
  let carried = 0
  let fragments: Uint8Array[] | undefined
  let fragmentBytes = 0

  const take = (bytes: Uint8Array, head: Head): void => {
    const payload = bytes.subarray(head.start, head.end)
    if (head.opcode === BINARY && head.final && !fragments) events.onMessage(payload)
    else if (head.opcode >= CLOSE) takeControl(head.opcode, payload, events)
    else takeFragment(payload, head)
  }
  const takeFragment = (payload: Uint8Array, head: Head): void => {
    if ((head.opcode === CONTINUATION) !== (fragments !== undefined)) {
      throw new WebSocketFault(1002, 'the server mixed up the fragments of a message')
    }
    fragments ??= []
    fragmentBytes += payload.length
    if (fragmentBytes > maxBytes) throw tooLong(maxBytes)
    fragments.push(new Uint8Array(payload))
    if (!head.final) return
    const whole = Buffer.concat(fragments)
    fragments = undefined
    fragmentBytes = 0
    events.onMessage(whole)
  }
  const append = (bytes: Uint8Array, capacity: number): void => {
    if (carry.length < capacity) {
      const larger = new Uint8Array(Math.max(capacity, MIN_CARRY_BYTES))
      larger.set(carry.subarray(0, carried))
      carry = larger
    }
    carry.set(bytes, carried)
    carried += bytes.length
  }
  /** Completes the carried frame from the chunk; returns how much of the chunk that took. */
  const complete = (chunk: Uint8Array): number => {
    let used = 0
    while (carried > 0) {
      const head = readHead(carry.subarray(0, carried), maxBytes)
      const need = head ? head.end : carried + 1
      if (head && carried === need) {
        const frame = carry.subarray(0, carried)
        carried = 0
        // A buffer once grown for a long message is not kept for ever.
        if (carry.length > MAX_KEPT_BYTES) carry = EMPTY
        take(frame, head)
      } else if (used === chunk.length) return used
      else {
        const more = chunk.subarray(used, used + need - carried)
        append(more, need)
        used += more.length
      }
    }
    return used
  }
  return {
    push(chunk) {
      let at = complete(chunk)
      while (at < chunk.length) {
        const head = readHead(chunk, maxBytes, at)
        if (!head || head.end > chunk.length) break
        take(chunk, head)
        at = head.end
      }
      if (at < chunk.length) append(chunk.subarray(at), chunk.length - at)
    },
  }
}

type Head = { opcode: number; final: boolean; start: number; end: number }

/** Reads a frame's head at `at`; undefined while it is not there whole. */
function readHead(bytes: Uint8Array, maxBytes: number, at = 0): Head | undefined {
  const first = bytes[at]
  const second = bytes[at + 1]
  if (first === undefined || second === undefined) return undefined
  if (first & 0x70) throw new WebSocketFault(1002, 'the server uses an extension that was not agreed on')
  if (second & 0x80) throw new WebSocketFault(1002, 'the server masks its frames')
  const opcode = first & 0x0f
  const final = (first & 0x80) !== 0
  let length = second
  let start = at + 2
  if (opcode >= CLOSE && (!final || length > MAX_CONTROL_BYTES)) {
    throw new WebSocketFault(1002, 'the server sent a control frame that is none')
  }
  if (opcode !== CONTINUATION && opcode !== BINARY && opcode < CLOSE) {
    throw new WebSocketFault(1003, 'the server sent something other than binary messages')
  }
  if (length === 126) {
    start += 2
    if (bytes.length < start) return undefined
    length = (bytes[at + 2]! << 8) | bytes[at + 3]!
  } else if (length === 127) {
    start += 8
    if (bytes.length < start) return undefined
    const view = new DataView(bytes.buffer, bytes.byteOffset)
    const long = view.getBigUint64(at + 2)
    if (long > BigInt(maxBytes)) throw tooLong(maxBytes)
    length = Number(long)
  }
  if (length > maxBytes) throw tooLong(maxBytes)
  return { opcode, final, start, end: start + length }
}

function takeControl(opcode: number, payload: Uint8Array, events: MessageEvents): void {
  if (opcode === PING) events.onPing(payload)
  else if (opcode === PONG) events.onPong()
  else if (opcode === CLOSE) {
    const code = payload.length >= 2 ? (payload[0]! << 8) | payload[1]! : 1005
    events.onClose(code, new TextDecoder().decode(payload.subarray(2)))
  } else throw new WebSocketFault(1002, 'the server sent a frame of an unknown kind')
}

function tooLong(maxBytes: number): WebSocketFault {
  return new WebSocketFault(1009, `the server sent a message of more than ${maxBytes} bytes`)
}
