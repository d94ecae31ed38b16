import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { LatestMap } from '@holdfast/runtime/latest-map'
import { type Decoded, decode, encode } from '@holdfast/torrent/bencode-tree'
import type { Transport } from 'k-rpc'
import { isPublicHost } from '../../outbound/public-host.ts'
import { readReply } from './dht-reply.ts'

/** The most unanswered queries; beyond it the oldest is forgotten. */
const maxAsked = 256

/**
 * Makes the socket of the DHT node. Queries are sent only to allowed addresses, with a random transaction id and the
 * read-only flag (BEP 43). Only answers to them are received, and only from the address that was asked.
 */
export function createDhtSocket({ allowPrivateHosts }: { allowPrivateHosts: boolean }): Transport {
  const socket = createSocket('udp4')
  const asked = new LatestMap<string, { transaction: Uint8Array; host: string; port: number }>(maxAsked)
  const send: Transport['send'] = (message, _offset, _length, port, host, done) => {
    if (!mayBeAsked(host, port, allowPrivateHosts))
      return done(
        new Error(`${host}:${port} may not be asked: its address is private or its port below 1024`),
      )
    const question = decode(message) as Map<string, Decoded>
    const mark = randomBytes(4)
    asked.set(mark.toString('hex'), { transaction: question.get('t') as Uint8Array, host, port })
    socket.send(encode(new Map<string, Decoded>([...question, ['t', mark], ['ro', 1]])), port, host, done)
  }
  const transport = Object.assign(new EventEmitter(), {
    address: () => socket.address(),
    close: () => socket.close(),
    send,
  })
  socket.on('message', (datagram: Uint8Array, from: RemoteInfo) => {
    const reply = readReply(datagram)
    const question = reply && asked.get(reply.transaction)
    if (!question || question.host !== from.address || question.port !== from.port) return
    asked.delete(reply.transaction)
    const message = encode({ ...reply.message, t: question.transaction })
    transport.emit('message', Buffer.from(message), from)
  })
  socket.on('error', (error) => transport.emit('error', error))
  socket.on('close', () => transport.emit('close'))
  return transport
}

/** Whether an address may be asked. Ports below 1024 are not: a stranger may name another service there in order to flood it. */
function mayBeAsked(host: string, port: number, allowPrivateHosts: boolean): boolean {
  return port >= 1_024 && (allowPrivateHosts || isPublicHost(host))
}
