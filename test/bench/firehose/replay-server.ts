/** A process that sends a recorded stream to every client, as fast as the client reads. Started by `firehose.ts`. */
import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { firstSeq } from './first-seq.ts'

const [path = '', countText = '0'] = process.argv.slice(2)
const count = Number(countText)

/** `seq`, and the head of a four-byte number. */
const seqKey = Buffer.from('637365711a', 'hex')
const round = frameRound(readFileSync(path))
// An ordinary request gets 404, which shows that this is not a PDS.
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

/** All frames in their WebSocket framing, one after the other, and the position of `seq` in each. */
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
    seqAt.push(size + head.length + frame.indexOf(seqKey) + seqKey.length)
    parts.push(head, frame)
    size += head.length + length
  }
  return { bytes: Buffer.concat(parts), seqAt }
}

/** Numbers one copy of the round while the other is being sent, because the readers are measured and not this process. */
async function send(socket: Socket): Promise<void> {
  const copies = [Buffer.from(round.bytes), Buffer.from(round.bytes)]
  let sent: Promise<unknown> | undefined
  let seq = firstSeq
  for (let left = count; left > 0 && !socket.destroyed; left -= round.seqAt.length) {
    const bytes = copies.reverse()[0]!
    for (const at of round.seqAt) bytes.writeUInt32BE(seq++, at)
    await sent
    sent = new Promise((resolve) => socket.write(bytes, resolve))
  }
}
