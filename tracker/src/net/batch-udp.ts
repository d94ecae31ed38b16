import { existsSync } from 'node:fs'
import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type { Family } from '../swarms/announce.ts'
import { newUdpAnswer, type UdpResponder } from '../wire/udp.ts'

/** A bound UDP socket that serves until it is closed. */
export type BatchSocket = { readonly port: number; close(): void }

/**
 * UDP by the batch, where `npm run build:native -w tracker` has built it: a quarter of the processor time that
 * node:dgram takes for a datagram. undefined where it is not there or does not load.
 */
export function loadBatchUdp(): typeof openBatchSocket | undefined {
  const file = fileURLToPath(new URL('../../native/batch-udp.node', import.meta.url))
  if (native === undefined && existsSync(file)) {
    try {
      native = createRequire(import.meta.url)(file) as Native
    } catch {
      // Built for another machine: node:dgram serves as well.
    }
  }
  return native === undefined ? undefined : openBatchSocket
}

let native: Native | undefined

type Native = {
  open(
    family: 4 | 6,
    host: string,
    port: number,
    reusePort: boolean,
    memory: ArrayBuffer,
    onBatch: (count: number) => void,
  ): BatchSocket
}

/** The layout that native/batch-udp.c describes. */
const [SLOTS, SLOT_BYTES, DATAGRAM_AT, ANSWER_AT] = [64, 4096, 32, 2048] as const

/** @throws Error with a `code` when the address cannot be had */
function openBatchSocket(
  responder: UdpResponder,
  options: { family: Family; host: string; port: number; reusePort: boolean },
): BatchSocket {
  const { family, host, port, reusePort } = options
  const memory = new ArrayBuffer(SLOTS * SLOT_BYTES)
  const words = new Int32Array(memory)
  const slots = Array.from({ length: SLOTS }, (_, slot) => ({
    received: (slot * SLOT_BYTES) / 4,
    datagram: new Uint8Array(memory, slot * SLOT_BYTES + DATAGRAM_AT, ANSWER_AT - DATAGRAM_AT),
    from: { family, address: new Int32Array(memory, slot * SLOT_BYTES + 8, 4) },
    answer: newUdpAnswer(memory, slot * SLOT_BYTES + ANSWER_AT),
  }))
  return native!.open(family === 0 ? 4 : 6, host, port, reusePort, memory, (count) => {
    for (let at = 0; at < count; at++) {
      const slot = slots[at]!
      // Port 0 cannot be answered.
      if (words[slot.received + 1] === 0) continue
      const length = responder.answer(slot.datagram, words[slot.received]!, slot.from, slot.answer)
      words[slot.received + 7] = length
    }
  })
}
