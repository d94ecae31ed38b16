import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import type { Counts } from '../counts.ts'
import type { Family } from '../swarms/announce.ts'
import { readAddress } from '../wire/address.ts'
import { newUdpAnswer, type UdpAnswer, type UdpResponder, type UdpSender } from '../wire/udp.ts'
import { loadBatchSockets } from './batch-sockets.ts'

/**
 * Binds UDP on IPv4 and, where the machine has it, on IPv6, and answers what arrives.
 * @throws Error with a `code` when the port is taken or may not be used
 */
export async function openUdpSockets(
  responder: UdpResponder,
  counts: Counts,
  options: UdpOptions,
): Promise<UdpSockets> {
  const { host, reusePort = false } = options
  const openBatch = options.transport === 'dgram' ? undefined : loadBatchSockets()?.openUdp
  if (options.transport === 'batch' && openBatch === undefined) {
    throw new Error('batch UDP is not built here: npm run build:native -w tracker')
  }
  const sockets: UdpSocket[] = []
  let { port } = options
  for (const family of [0, 1] as const) {
    if (host !== undefined && host.includes(':') !== (family === 1)) continue
    try {
      const socket =
        openBatch === undefined
          ? await openDgram(responder, counts, { family, host, port, reusePort })
          : openBatch(responder, { family, host: host ?? '', port, reusePort })
      sockets.push(socket)
      port = socket.port
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      const noIpv6 = code === 'EAFNOSUPPORT' || code === 'EADDRNOTAVAIL'
      if (family === 1 && host === undefined && noIpv6) continue
      for (const socket of sockets) await socket.close()
      throw error
    }
  }
  return {
    port,
    transport: openBatch === undefined ? 'dgram' : 'batch',
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) await socket.close()
    },
  }
}

export type UdpOptions = {
  port: number
  host?: string | undefined
  reusePort?: boolean
  /** Batches where they are built, unless said otherwise. */
  transport?: 'batch' | 'dgram'
}

export type UdpSockets = AsyncDisposable & { readonly port: number; readonly transport: 'batch' | 'dgram' }

type UdpSocket = { readonly port: number; close(): void | Promise<void> }

const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
const MOST_QUEUED_BYTES = 4 * 1024 * 1024

async function openDgram(
  responder: UdpResponder,
  counts: Counts,
  options: { family: Family; host: string | undefined; port: number; reusePort: boolean },
): Promise<UdpSocket> {
  const { family, host, port, reusePort } = options
  const socket = createSocket({
    type: family === 0 ? 'udp4' : 'udp6',
    ipv6Only: family === 1,
    reusePort,
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Answers go to the address a datagram came from: there is no name to look up.
    lookup: (name, _options, found) => found(null, name, family === 0 ? 4 : 6),
  })
  serve(socket, responder, counts)
  const listening = once(socket, 'listening')
  socket.bind({ port, ...(host === undefined ? {} : { address: host }) })
  await listening
  return {
    port: socket.address().port,
    close: () => new Promise((closed) => socket.close(() => closed())),
  }
}

function serve(socket: Socket, responder: UdpResponder, counts: Counts): void {
  const sender: UdpSender = { family: 0, address: new Int32Array(4) }
  let answer: UdpAnswer = newUdpAnswer()
  socket.on('message', (message: Buffer, from: RemoteInfo) => {
    if (from.port === 0) return
    const family = readAddress(from.address, sender.address)
    if (family < 0) return
    sender.family = family as Family
    const length = responder.answer(message, message.length, sender, answer)
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
