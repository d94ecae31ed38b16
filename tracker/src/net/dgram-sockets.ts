import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import type { Counts } from '../counts.ts'
import type { Family } from '../swarms/announce.ts'
import { readAddress } from '../wire/address.ts'
import { newUdpAnswer, type UdpAnswer, type UdpResponder, type UdpSender } from '../wire/udp.ts'

/** A bound UDP port for one address family. */
export interface UdpSocket {
  readonly port: number
  close(): void | Promise<void>
}

export interface DgramOptions {
  family: Family
  host: string | undefined
  port: number
  reusePort: boolean
}

/**
 * UDP by node:dgram, at `host` or at every address of the machine. A socket that is bound to no address answers from the
 * address that the kernel prefers, and clients ignore an answer from another address than they asked; node:dgram cannot tell
 * which one that was. So a machine with several addresses gets a socket for each, and one for any other address.
 * @throws Error with a `code` if the port is in use or not permitted
 */
export async function openDgram(
  responder: UdpResponder,
  counts: Counts,
  options: DgramOptions,
): Promise<UdpSocket> {
  const open = (host: string | undefined, port: number, shared: boolean) =>
    bind({ ...options, host, port }, shared, (socket) => serve(socket, responder, counts))
  if (options.host !== undefined) {
    const socket = await open(options.host, options.port, false)
    return { port: socket.address().port, close: () => close(socket) }
  }

  // Sockets that share a port would also share it with another program's socket; this exclusive one finds out whether
  // the port is free.
  const alone = await open(undefined, options.port, false)
  const { port } = alone.address()
  await close(alone)
  const sockets = new Map([['', await open(undefined, port, true)]])
  const follow = async (): Promise<void> => {
    const addresses = ownAddresses(options.family)
    for (const [address, socket] of sockets) {
      if (address === '' || addresses.includes(address)) continue
      sockets.delete(address)
      await close(socket)
    }
    for (const address of addresses.length > 1 ? addresses : []) {
      if (sockets.has(address)) continue
      // The address may have been removed in the meantime; the next check will find the current addresses.
      const socket = await open(address, port, true).catch(() => undefined)
      if (socket !== undefined) sockets.set(address, socket)
    }
  }
  await follow()
  let following = Promise.resolve()
  const timer = setInterval(() => {
    following = following.then(follow)
  }, lookAgainMs).unref()
  return {
    port,
    async close() {
      clearInterval(timer)
      await following
      for (const socket of sockets.values()) await close(socket)
    },
  }
}

/** How often the addresses of the machine are checked, so how long a new address waits for a socket. */
const lookAgainMs = 60_000
const socketBufferBytes = 4 * 1024 * 1024
const mostQueuedBytes = 4 * 1024 * 1024

/** The addresses under which others may reach this machine: neither loopback nor link-local ones. */
function ownAddresses(family: Family): string[] {
  const named = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
  return named
    .filter((each) => each.family === (family === 0 ? 'IPv4' : 'IPv6'))
    .filter((each) => !['loopback', 'linkLocal'].includes(ipaddr.parse(each.address).range()))
    .map((each) => each.address)
}

async function bind(
  options: DgramOptions,
  shared: boolean,
  serveIt: (socket: Socket) => void,
): Promise<Socket> {
  const { family, host, port, reusePort } = options
  const socket = createSocket({
    type: family === 0 ? 'udp4' : 'udp6',
    ipv6Only: family === 1,
    reusePort,
    reuseAddr: shared,
    recvBufferSize: socketBufferBytes,
    sendBufferSize: socketBufferBytes,
    // Answers go to the address that a datagram came from, so no name is ever looked up.
    lookup: (name, _options, found) => found(null, name, family === 0 ? 4 : 6),
  })
  serveIt(socket)
  const listening = once(socket, 'listening')
  socket.bind({ port, ...(host === undefined ? {} : { address: host }) })
  await listening
  return socket
}

function close(socket: Socket): Promise<void> {
  return new Promise((closed) => socket.close(() => closed()))
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
    if (socket.getSendQueueSize() > mostQueuedBytes) {
      counts.udpDropped++
      return
    }
    socket.send(answer.bytes, 0, length, from.port, from.address)
    // Nearly every datagram is sent at once; the buffer of one that waits in the queue must not be reused.
    if (socket.getSendQueueCount() > 0) answer = newUdpAnswer()
  })
  // A failed answer (no route, for example) concerns one client; the socket keeps serving.
  socket.on('error', () => counts.udpDropped++)
}
