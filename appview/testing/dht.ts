/** For tests: DHT nodes with scripted answers, each at its own loopback address. */
import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { once } from 'node:events'
import { type Decoded, decode, type Encodable, encode } from '@holdfast/torrent/bencode-tree'

export interface TestDht extends AsyncDisposable {
  readonly nodes: readonly { host: string; port: number }[]
  /** The names that were asked for, in hex. */
  readonly asked: Set<string>
  /** How many queries lacked the read-only flag (BEP 43). */
  careless: number
}

/** Makes a node's answer to a query for a name: the fields of `r`, or the whole datagram. */
export type Say = (name: string, question: { transaction: Uint8Array; host: number }) => Fields | Uint8Array

type Fields = Record<string, Encodable | undefined>

/** Starts nodes on 127.0.9.1, 127.0.9.2, …, each of which names all the others. */
export async function startTestDht(hosts: number, say: Say): Promise<TestDht> {
  const ids = Array.from({ length: hosts }, () => randomBytes(20))
  const sockets = ids.map(() => createSocket('udp4'))
  for (const [i, socket] of sockets.entries()) socket.bind(0, `127.0.9.${i + 1}`)
  await Promise.all(sockets.map((socket) => once(socket, 'listening')))
  const nodes = sockets.map((socket) => ({ host: socket.address().address, port: socket.address().port }))
  const bucket = Buffer.concat(
    nodes.map(({ host, port }, i) =>
      Buffer.from([...ids[i]!, ...host.split('.').map(Number), port >> 8, port & 255]),
    ),
  )
  const dht = { nodes, asked: new Set<string>(), careless: 0 }
  const answer = (message: Uint8Array, from: RemoteInfo, host: number) => {
    const question = decode(message) as Map<string, Decoded>
    const name = (question.get('a') as Map<string, Decoded>).get('info_hash') as Uint8Array
    const transaction = question.get('t') as Uint8Array
    if (question.get('ro') !== 1) dht.careless++
    const hex = Buffer.from(name).toString('hex')
    dht.asked.add(hex)
    const said = say(hex, { transaction, host })
    const usual = { id: ids[host]!, token: Buffer.from('token'), nodes: bucket }
    const reply =
      said instanceof Uint8Array ? said : encode({ t: transaction, y: 'r', r: { ...usual, ...said } })
    sockets[host]!.send(reply, from.port, from.address)
  }
  for (const [host, socket] of sockets.entries())
    socket.on('message', (message, from) => answer(message, from, host))
  return Object.assign(dht, {
    async [Symbol.asyncDispose]() {
      await Promise.all(sockets.map((socket) => new Promise<void>((resolve) => socket.close(resolve))))
    },
  })
}
