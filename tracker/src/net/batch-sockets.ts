import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Family } from '../swarms/announce.ts'
import { newUdpAnswer, type UdpResponder } from '../wire/udp.ts'

/** An open socket that serves until it is closed. */
export interface BatchSocket {
  readonly port: number
  close(): void
}

/**
 * Sockets for UDP and HTTP that process requests in batches, if `npm run build:native -w tracker` has built them: they
 * take a fraction of the processor time of node:dgram and node:net. Undefined if they were not built or do not load. A
 * `file` that is given stays in use in this process until another is given.
 */
export function loadBatchSockets(
  file?: string,
): { openUdp: typeof openUdp; openHttp: typeof openHttp } | undefined {
  if (file !== undefined || native === undefined) native = load(file ?? builtHere) ?? 'none'
  return native === 'none' ? undefined : { openUdp, openHttp }
}

const builtHere = fileURLToPath(new URL('../../native/batch.node', import.meta.url))

let native: Native | 'none' | undefined

function load(file: string): Native | undefined {
  if (!existsSync(file)) return undefined
  try {
    return createRequire(import.meta.url)(file) as Native
  } catch {
    // The module was built for another machine; Node's own sockets work as well.
    return undefined
  }
}

interface Native {
  openUdp(
    family: 4 | 6,
    host: string,
    port: number,
    reusePort: boolean,
    memory: ArrayBuffer,
    onBatch: (count: number, behind: number) => void,
  ): BatchSocket
  openTcp(
    host: string,
    port: number,
    reusePort: boolean,
    memory: ArrayBuffer,
    onBatch: (count: number) => void,
    onOther: (fd: number, slot: number) => void,
  ): BatchSocket
}

/** The memory layouts that native/udp.c and native/tcp.c describe. */
const udp = { slots: 64, slotBytes: 4096, datagramAt: 32, answerAt: 2048 }
const tcp = { slots: 32, slotBytes: 16_384, requestAt: 32, answerAt: 4096 }

/** @throws Error with a `code` if the address cannot be used */
function openUdp(
  responder: UdpResponder,
  options: { family: Family; host: string; port: number; reusePort: boolean },
): BatchSocket {
  const { family, host, port, reusePort } = options
  const memory = new ArrayBuffer(udp.slots * udp.slotBytes)
  const words = new Int32Array(memory)
  const slots = Array.from({ length: udp.slots }, (_, slot) => ({
    received: (slot * udp.slotBytes) / 4,
    datagram: new Uint8Array(memory, slot * udp.slotBytes + udp.datagramAt, udp.answerAt - udp.datagramAt),
    from: { family, address: new Int32Array(memory, slot * udp.slotBytes + 8, 4) },
    answer: newUdpAnswer(memory, slot * udp.slotBytes + udp.answerAt),
  }))
  return (native as Native).openUdp(family === 0 ? 4 : 6, host, port, reusePort, memory, (count, behind) => {
    responder.behind = behind === 1
    for (let at = 0; at < count; at++) {
      const slot = slots[at]!
      // Port 0 cannot receive an answer.
      if (words[slot.received + 1] === 0) continue
      const length = responder.answer(slot.datagram, words[slot.received]!, slot.from, slot.answer)
      words[slot.received + 7] = length
    }
  })
}

/**
 * Answers a request that arrives complete and is the only one of its connection. `answer` writes into the memory it is given
 * and returns the number of bytes, or -1 to turn the connection into an ordinary socket, which `other` receives with the bytes
 * that were read from it.
 * @throws Error with a `code` if the address cannot be used
 */
function openHttp(
  parts: {
    answer: (request: BatchRequest, out: Buffer) => number
    other: (fd: number, read: Buffer) => void
  },
  options: { host: string; port: number; reusePort: boolean },
): BatchSocket {
  const { host, port, reusePort } = options
  const memory = new ArrayBuffer(tcp.slots * tcp.slotBytes)
  const words = new Int32Array(memory)
  const slots = Array.from({ length: tcp.slots }, (_, slot) => {
    const at = slot * tcp.slotBytes
    return {
      word: at / 4,
      request: Buffer.from(memory, at + tcp.requestAt, tcp.answerAt - tcp.requestAt),
      address: new Int32Array(memory, at + 8, 4),
      out: Buffer.from(memory, at + tcp.answerAt, tcp.slotBytes - tcp.answerAt),
    }
  })
  const onBatch = (count: number): void => {
    for (let at = 0; at < count; at++) {
      const { word, request, address, out } = slots[at]!
      const family = words[word + 1] === 4 ? 0 : 1
      words[word + 7] = parts.answer({ bytes: request.subarray(0, words[word]), family, address }, out)
    }
  }
  const onOther = (fd: number, slot: number): void => {
    const { word, request } = slots[slot]!
    parts.other(fd, Buffer.from(request.subarray(0, words[word])))
  }
  return (native as Native).openTcp(host, port, reusePort, memory, onBatch, onOther)
}

/** One request; its bytes are valid only during the call. */
export interface BatchRequest {
  bytes: Buffer
  family: Family
  address: Int32Array
}
