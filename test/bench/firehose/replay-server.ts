/** A process that sends a recorded stream to whoever connects, as fast as they take it. Started by `firehose.ts`. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { FIRST_SEQ } from './first-seq.ts'

const [path = '', countText = '0'] = process.argv.slice(2)
const count = Number(countText)

/** `seq`, and the head of a four-byte number. */
const SEQ_KEY = Buffer.from('637365711a', 'hex')
const round = frameRound(readFileSync(path))
// Whoever asks what this is learns that it is no PDS.
const server = createServer((_request, response) => response.writeHead(404).end())
server.on('upgrade', (request, socket: Socket) => {
  const accept = createHash('sha1')
    .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
    .digest('base64')
  socket.write(
    `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
  )
  socket.on('error', () => {})
  socket.on('data', () => {})
  void send(socket)
})
server.listen(0, '127.0.0.1', () =>
  console.log(JSON.stringify({ port: (server.address() as AddressInfo).port })),
)

/** Every frame in its WebSocket wrapping, one after the other, and where its `seq` stands. */
function frameRound(recording: Buffer): { bytes: Buffer; seqAt: number[] } {
  const parts: Buffer[] = []
  const seqAt: number[] = []
  let size = 0
  for (let at = 0; at < recording.length; ) {
    const length = recording.readUInt32BE(at)
    const frame = recording.subarray(at + 4, at + 4 + length)
    at += 4 + length
    const head = length < 126 ? Buffer.from([0x82, length]) : Buffer.alloc(length < 65_536 ? 4 : 10)
    if (length >= 126) {
      head[0] = 0x82
      head[1] = length < 65_536 ? 126 : 127
      if (length < 65_536) head.writeUInt16BE(length, 2)
      else head.writeBigUInt64BE(BigInt(length), 2)
    }
    seqAt.push(size + head.length + frame.indexOf(SEQ_KEY) + SEQ_KEY.length)
    parts.push(head, frame)
    size += head.length + length
  }
  return { bytes: Buffer.concat(parts), seqAt }
}

/** Numbers one copy of the round while the other is on its way: the readers are measured, not this. */
async function send(socket: Socket): Promise<void> {
  const copies = [Buffer.from(round.bytes), Buffer.from(round.bytes)]
  let sent: Promise<unknown> | undefined
  let seq = FIRST_SEQ
  for (let left = count; left > 0 && !socket.destroyed; left -= round.seqAt.length) {
    const bytes = copies.reverse()[0]!
    for (const at of round.seqAt) bytes.writeUInt32BE(seq++, at)
    await sent
    sent = new Promise((resolve) => socket.write(bytes, resolve))
  }
}
