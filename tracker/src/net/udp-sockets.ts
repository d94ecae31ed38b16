import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Counts } from '../counts.ts'
import type { Family } from '../swarms/swarms.ts'
import { readAddress } from '../wire/address.ts'
import { newUdpAnswer, type UdpAnswer, type UdpResponder } from '../wire/udp.ts'

/**
 * Binds UDP on IPv4 and, where the machine has it, on IPv6, and answers what arrives.
 * @throws when the port is taken or may not be used
 */
export async function openUdpSockets(
  responder: UdpResponder,
  counts: Counts,
  options: { port: number; host?: string; reusePort?: boolean },
): Promise<UdpSockets> {
  const sockets: Socket[] = []
  const open = async (type: 'udp4' | 'udp6', port: number): Promise<number> => {
    const socket = createSocket({
      type,
      ipv6Only: type === 'udp6',
      reusePort: options.reusePort ?? false,
      recvBufferSize: SOCKET_BUFFER_BYTES,
      sendBufferSize: SOCKET_BUFFER_BYTES,
      // Answers go to the address a datagram came from: there is no name to look up.
      lookup: (host, _options, found) => found(null, host, type === 'udp4' ? 4 : 6),
    })
    serve(socket, responder, counts)
    const host = options.host
    const own = host !== undefined && host.includes(':') === (type === 'udp6') ? host : undefined
    const listening = once(socket, 'listening')
    socket.bind({ port, ...(own === undefined ? {} : { address: own }) })
    await listening
    sockets.push(socket)
    return socket.address().port
  }
  const only = options.host === undefined ? undefined : options.host.includes(':') ? 'udp6' : 'udp4'
  let port = options.port
  if (only !== 'udp6') port = await open('udp4', port)
  if (only === 'udp6') port = await open('udp6', port)
  else if (only === undefined) {
    await open('udp6', port).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EAFNOSUPPORT' && error.code !== 'EADDRNOTAVAIL') throw error
    })
  }
  return {
    port,
    async [Symbol.asyncDispose]() {
      await Promise.all(sockets.map((socket) => new Promise<void>((closed) => socket.close(() => closed()))))
    },
  }
}

export type UdpSockets = AsyncDisposable & { readonly port: number }

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
const MOST_QUEUED_BYTES = 4 * 1024 * 1024

function serve(socket: Socket, responder: UdpResponder, counts: Counts): void {
  const address = new Int32Array(4)
  let answer: UdpAnswer = newUdpAnswer()
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    if (from.port === 0) return
    const family = readAddress(from.address, address)
    if (family < 0) return
    const length = responder.answer(message, family as Family, address, answer)
    if (length === 0) return
    if (socket.getSendQueueSize() > MOST_QUEUED_BYTES) {
      counts.udpDropped++
      return
    }
    socket.send(answer.bytes, 0, length, from.port, from.address)
    // Nearly every datagram leaves at once; the buffer of one that waits is no longer ours to write to.
    if (socket.getSendQueueCount() > 0) answer = newUdpAnswer()
  })
  // A failed answer (no route, say) concerns one client; the socket goes on.
  socket.on('error', () => counts.udpDropped++)
}
