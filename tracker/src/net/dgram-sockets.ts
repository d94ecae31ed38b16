import { createSocket, type RemoteInfo, type Socket } from 'node:dgram'
import { once } from 'node:events'
import { networkInterfaces } from 'node:os'
import ipaddr from 'ipaddr.js'
import type { Counts } from '../counts.ts'
import type { Family } from '../swarms/announce.ts'
import { readAddress } from '../wire/address.ts'
import { newUdpAnswer, type UdpAnswer, type UdpResponder, type UdpSender } from '../wire/udp.ts'

/** A bound UDP port of one family of addresses. */
export type UdpSocket = { readonly port: number; close(): void | Promise<void> }

export type DgramOptions = { family: Family; host: string | undefined; port: number; reusePort: boolean }

/**
 * UDP by node:dgram, at `host` or at every address of the machine. A socket that is bound to no address answers from
 * the one the kernel likes best, which clients take for a stranger's answer; node:dgram cannot say which one was asked.
 * So a machine of several addresses gets a socket for each, and one for whatever else is asked.
 * @throws Error with a `code` when the port is taken or may not be used
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

  // Sockets that share a port with each other would share it with a stranger, too: this one finds out.
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
      // An address that went again is no reason to stop: the next look finds what is there then.
      const socket = await open(address, port, true).catch(() => undefined)
      if (socket !== undefined) sockets.set(address, socket)
    }
  }
  await follow()
  let following = Promise.resolve()
  const timer = setInterval(() => {
    following = following.then(follow)
  }, LOOK_AGAIN_MS).unref()
  return {
    port,
    async close() {
      clearInterval(timer)
      await following
      for (const socket of sockets.values()) await close(socket)
    },
  }
}

/** How long a new address of the machine may wait for a socket. */
const LOOK_AGAIN_MS = 60_000
const SOCKET_BUFFER_BYTES = 4 * 1024 * 1024
const MOST_QUEUED_BYTES = 4 * 1024 * 1024

/** The addresses others may know this machine by: without the loopback's own, and without those of one link only. */
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
    recvBufferSize: SOCKET_BUFFER_BYTES,
    sendBufferSize: SOCKET_BUFFER_BYTES,
    // Answers go to the address a datagram came from: there is no name to look up.
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
