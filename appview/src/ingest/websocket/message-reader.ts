/** A server violated the WebSocket protocol (RFC 6455), or used a part of it that this reader does not support. */
export class WebSocketProtocolError extends Error {
  override readonly name = 'WebSocketProtocolError'
  /** Status code for the closing frame (RFC 6455 §7.4.1). */
  readonly code: number
  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

export interface MessageEvents {
  /** Called with a binary message. The bytes are overwritten once this returns. */
  onMessage(bytes: Uint8Array): void
  onPing(payload: Uint8Array): void
  onPong(): void
  onClose(code: number, reason: string): void
}

/** Splits a server's bytes into messages, without copying when a whole message is in one chunk. */
export interface MessageReader {
  /** Reads a chunk, which may be reused afterwards. Throws {@link WebSocketProtocolError}. */
  push(chunk: Uint8Array): void
}

const continuation = 0
const binary = 2
const close = 8
const ping = 9
const pong = 10
const maxControlBytes = 125
const minCarryBytes = 256
const maxKeptBytes = 1 << 20
const empty = new Uint8Array()

/** Makes a reader for one connection; a message of more than `maxBytes`, with all fragments, is an error. */
export function createMessageReader(events: MessageEvents, maxBytes: number): MessageReader {
  /** The bytes so far of a frame that began in an earlier chunk, in a buffer large enough for all of it. */
  let carry = empty
  let carried = 0
  let fragments: Uint8Array[] | undefined
  let fragmentBytes = 0

  const take = (bytes: Uint8Array, head: Head): void => {
    const payload = bytes.subarray(head.start, head.end)
    if (head.opcode === binary && head.final && !fragments) events.onMessage(payload)
    else if (head.opcode >= close) takeControl(head.opcode, payload, events)
    else takeFragment(payload, head)
  }
  const takeFragment = (payload: Uint8Array, head: Head): void => {
    if ((head.opcode === continuation) !== (fragments !== undefined)) {
      throw new WebSocketProtocolError(1002, 'the server mixed up the fragments of a message')
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
      const larger = new Uint8Array(Math.max(capacity, minCarryBytes))
      larger.set(carry.subarray(0, carried))
      carry = larger
    }
    carry.set(bytes, carried)
    carried += bytes.length
  }
  /** Completes that frame from the chunk; returns how many bytes of the chunk it took. */
  const complete = (chunk: Uint8Array): number => {
    let used = 0
    while (carried > 0) {
      const head = readHead(carry.subarray(0, carried), maxBytes)
      const need = head ? head.end : carried + 1
      if (head && carried === need) {
        const frame = carry.subarray(0, carried)
        carried = 0
        // Do not keep a buffer that was enlarged for a long message.
        if (carry.length > maxKeptBytes) carry = empty
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

interface Head {
  opcode: number
  final: boolean
  start: number
  end: number
}

/** Reads a frame's header at `at`; undefined while it is incomplete. */
function readHead(bytes: Uint8Array, maxBytes: number, at = 0): Head | undefined {
  const first = bytes[at]
  const second = bytes[at + 1]
  if (first === undefined || second === undefined) return undefined
  if (first & 0x70)
    throw new WebSocketProtocolError(1002, 'the server uses an extension that was not agreed on')
  if (second & 0x80) throw new WebSocketProtocolError(1002, 'the server masks its frames')
  const opcode = first & 0x0f
  const final = (first & 0x80) !== 0
  let length = second
  let start = at + 2
  if (opcode >= close && (!final || length > maxControlBytes)) {
    throw new WebSocketProtocolError(1002, 'the server sent a control frame that is fragmented or too long')
  }
  if (opcode !== continuation && opcode !== binary && opcode < close) {
    throw new WebSocketProtocolError(1003, 'the server sent something other than binary messages')
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
  if (opcode === ping) events.onPing(payload)
  else if (opcode === pong) events.onPong()
  else if (opcode === close) {
    const code = payload.length >= 2 ? (payload[0]! << 8) | payload[1]! : 1005
    events.onClose(code, new TextDecoder().decode(payload.subarray(2)))
  } else throw new WebSocketProtocolError(1002, 'the server sent a frame of an unknown kind')
}

function tooLong(maxBytes: number): WebSocketProtocolError {
  return new WebSocketProtocolError(1009, `the server sent a message of more than ${maxBytes} bytes`)
}
