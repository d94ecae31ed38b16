import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Family } from '../swarms/announce.ts'
import { newUdpAnswer, type UdpResponder } from '../wire/udp.ts'

/** An open socket that serves until it is closed. */
export type BatchSocket = { readonly port: number; close(): void }

/**
 * UDP and HTTP by the batch, where `npm run build:native -w tracker` has built them: a fraction of the processor time
 * that node:dgram and node:net take. undefined where they are not there or do not load. The first call in a process
 * decides which file that is.
 */
export function loadBatchSockets(
  file = fileURLToPath(new URL('../../native/batch.node', import.meta.url)),
): { openUdp: typeof openUdp; openHttp: typeof openHttp } | undefined {
  native ??= load(file) ?? 'none'
  return native === 'none' ? undefined : { openUdp, openHttp }
}

let native: Native | 'none' | undefined

function load(file: string): Native | undefined {
  if (!existsSync(file)) return undefined
  try {
    return createRequire(import.meta.url)(file) as Native
  } catch {
    // Built for another machine: Node's own sockets serve as well.
    return undefined
  }
}

type Native = {
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

/** The layouts that native/udp.c and native/tcp.c describe. */
const udp = { slots: 64, slotBytes: 4096, datagramAt: 32, answerAt: 2048 }
const tcp = { slots: 32, slotBytes: 16_384, requestAt: 32, answerAt: 4096 }

/** @throws Error with a `code` when the address cannot be had */
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
      // Port 0 cannot be answered.
      if (words[slot.received + 1] === 0) continue
      const length = responder.answer(slot.datagram, words[slot.received]!, slot.from, slot.answer)
      words[slot.received + 7] = length
    }
  })
}

/**
 * Answers requests that come whole and alone. `answer` writes into the memory it is given and returns how many bytes,
 * or -1 to have the connection as an ordinary socket; `other` gets it with what was read from it.
 * @throws Error with a `code` when the address cannot be had
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

/** The bytes are good during the call. */
export type BatchRequest = { bytes: Buffer; family: Family; address: Int32Array }
