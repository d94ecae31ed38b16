import { createSocket } from 'node:dgram'
import { once } from 'node:events'

/** The answer for a name: IPv4 addresses, texts, that there is no such name, or no answer at all. */
export type Say = { addresses: string[] } | { texts: string[] } | 'missing' | 'silent'

export interface TestNameServer extends AsyncDisposable {
  /** The address in the form of `Resolver.setServers`. */
  readonly address: string
  /** The names that were asked for, one entry for each query. */
  readonly asked: string[]
}

/** A name server (RFC 1035) on 127.0.0.1 with scripted answers. */
export async function startNameServer(say: (name: string) => Say): Promise<TestNameServer> {
  const socket = createSocket('udp4')
  const asked: string[] = []
  socket.on('message', (question, peer) => {
    const { name, type, end } = readQuestion(question)
    asked.push(name)
    const said = say(name)
    if (said !== 'silent') socket.send(answer(question.subarray(0, end), type, said), peer.port, peer.address)
  })
  socket.bind(0, '127.0.0.1')
  await once(socket, 'listening')
  return {
    address: `127.0.0.1:${socket.address().port}`,
    asked,
    async [Symbol.asyncDispose]() {
      socket.close()
    },
  }
}

const types = { a: 1, txt: 16 } as const

function readQuestion(packet: Buffer): { name: string; type: number; end: number } {
  const labels: string[] = []
  let at = 12
  for (let length = packet[at]!; length > 0; length = packet[at]!) {
    labels.push(packet.toString('latin1', at + 1, at + 1 + length))
    at += length + 1
  }
  return { name: labels.join('.').toLowerCase(), type: packet.readUInt16BE(at + 1), end: at + 5 }
}

function answer(question: Buffer, type: number, said: Exclude<Say, 'silent'>): Buffer {
  const data =
    said === 'missing'
      ? []
      : 'addresses' in said && type === types.a
        ? said.addresses.map((address) => Buffer.from(address.split('.').map(Number)))
        : 'texts' in said && type === types.txt
          ? said.texts.map((text) => Buffer.from([text.length, ...Buffer.from(text)]))
          : []
  const head = Buffer.from(question)
  head.writeUInt16BE(said === 'missing' ? 0x8183 : 0x8180, 2)
  head.writeUInt16BE(data.length, 6)
  head.writeUInt32BE(0, 8)
  const records = data.map((bytes) => {
    const record = Buffer.alloc(12 + bytes.length)
    record.writeUInt16BE(0xc00c, 0)
    record.writeUInt16BE(type, 2)
    record.writeUInt16BE(1, 4)
    record.writeUInt32BE(60, 6)
    record.writeUInt16BE(bytes.length, 10)
    record.set(bytes, 12)
    return record
  })
  return Buffer.concat([head, ...records])
}
