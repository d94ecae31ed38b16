import { randomBytes } from 'node:crypto'
import { createSocket, type RemoteInfo } from 'node:dgram'
import { EventEmitter } from 'node:events'
import { type Decoded, decode, encode } from '@holdfast/torrent/bencode-tree'
import type { Transport } from 'k-rpc'
import { LatestMap } from '../../catalog/latest-map.ts'
import { isPrivateHostname } from '../private-host.ts'
import { readReply } from './dht-reply.ts'

/** Questions whose answers are awaited; beyond, the oldest was not answered in time. */
const maxAsked = 256

/**
 * The way of the DHT's messages out and in. Questions go to addresses that may be asked, marked with a random number and
 * as those of a node that answers none itself (BEP 43). In come answers to them, from whoever was asked, and nothing else.
 */
export function createDhtSocket({ allowPrivateHosts }: { allowPrivateHosts: boolean }): Transport {
  const socket = createSocket('udp4')
  const asked = new LatestMap<string, { transaction: Uint8Array; host: string; port: number }>(maxAsked)
  const send: Transport['send'] = (message, _offset, _length, port, host, done) => {
    if (!mayBeAsked(host, port, allowPrivateHosts)) return done(new Error(`${host}:${port} is left alone`))
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

/** Ports below 1024 are other services, which a stranger may want flooded. */
function mayBeAsked(host: string, port: number, allowPrivateHosts: boolean): boolean {
  return port >= 1_024 && (allowPrivateHosts || !isPrivateHostname(host))
}
