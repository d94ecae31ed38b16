import { MessageFrame } from '@atproto/xrpc-server'

/**
 * Encodes a message: an event stream frame (atproto event stream spec) inside an unmasked WebSocket frame (RFC 6455,
 * section 5.2). The result can be sent to any number of clients.
 */
export function encodeMessage(type: `#${string}`, body: Record<string, unknown>): Buffer {
  const payload = new MessageFrame(body as never, { type }).toBytes()
  return Buffer.concat([frameHeader(payload.length), payload])
}

const finalBinary = 0x82

function frameHeader(length: number): Buffer {
  if (length < 126) return Buffer.from([finalBinary, length])
  if (length < 65_536) {
    const header = Buffer.alloc(4)
    header.writeUInt8(finalBinary, 0)
    header.writeUInt8(126, 1)
    header.writeUInt16BE(length, 2)
    return header
  }
  const header = Buffer.alloc(10)
  header.writeUInt8(finalBinary, 0)
  header.writeUInt8(127, 1)
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}
