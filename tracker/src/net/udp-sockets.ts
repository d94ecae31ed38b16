import type { Counts } from '../counts.ts'
import type { UdpResponder } from '../wire/udp.ts'
import { loadBatchSockets } from './batch-sockets.ts'
import { openDgram, type UdpSocket } from './dgram-sockets.ts'

/**
 * Binds UDP on IPv4 and, if the machine has it, on IPv6, and answers datagrams.
 * @throws Error with a `code` if the port is in use or not permitted
 */
export async function openUdpSockets(
  responder: UdpResponder,
  counts: Counts,
  options: UdpOptions,
): Promise<UdpSockets> {
  const { host, reusePort = false } = options
  const openBatch = options.transport === 'dgram' ? undefined : loadBatchSockets()?.openUdp
  if (options.transport === 'batch' && openBatch === undefined) {
    throw new Error('batch UDP is not built; run npm run build:native -w tracker')
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

export interface UdpOptions {
  port: number
  host?: string | undefined
  reusePort?: boolean
  /** The transport to use; by default `batch` if it is built. */
  transport?: 'batch' | 'dgram'
}

export type UdpSockets = AsyncDisposable & { readonly port: number; readonly transport: 'batch' | 'dgram' }
