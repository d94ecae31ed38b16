import type { WebSocket } from 'ws'
import { encodeFrame, errorFrame, type Frame, infoFrame } from './frames.ts'

export interface Entry {
  readonly seq: number
  readonly bytes: Uint8Array
  readonly frame: Frame
}

/** The answer to a cursor outside the log: what the spec says, or nothing, which is what relays do. */
export type CursorManners = 'spec' | 'silent'

export interface StreamOptions {
  firstSeq?: number
  cursors?: CursorManners
}

const replayBatch = 256
const slowConsumerBytes = 256 * 1024 * 1024

/**
 * The relay's own sequence: an in-memory log and the sockets that follow it (event stream spec, Sequencing). A
 * subscriber reads the log up to its end and then joins the live ones in the same turn of the event loop, so that
 * without faults it sees every later entry once and in order.
 */
export class Stream {
  #log: Entry[] = []
  #live = new Map<WebSocket, { joinedAt: number }>()
  #replaying = new Set<WebSocket>()
  #lastSeq: number
  #forgotten: number
  cursors: CursorManners

  constructor({ firstSeq = 1, cursors = 'spec' }: StreamOptions = {}) {
    this.#lastSeq = firstSeq - 1
    this.#forgotten = firstSeq - 1
    this.cursors = cursors
  }

  get lastSeq() {
    return this.#lastSeq
  }

  get subscriberCount() {
    return this.#live.size + this.#replaying.size
  }

  /** The frames that a subscriber with cursor 0 would be sent now, oldest first. */
  get log(): readonly Entry[] {
    return this.#log
  }

  /** Uses up a sequence number without an entry, for a frame that was lost. */
  skip() {
    this.#lastSeq++
  }

  /** Numbers a frame and adds it to the log; only `seq` of its body changes. */
  append({ t, body }: Frame): Entry {
    const seq = ++this.#lastSeq
    const frame = { t, body: { ...body, seq } }
    const entry = { seq, frame, bytes: encodeFrame(frame) }
    this.#log.push(entry)
    return entry
  }

  /** Sends an entry to every live subscriber that did not read it from the log. */
  deliver({ seq, bytes }: Entry) {
    for (const [socket, { joinedAt }] of this.#live) if (seq > joinedAt) this.#send(socket, bytes)
  }

  /** Sends bytes unchanged to every live subscriber, without adding them to the log. */
  sendRaw(bytes: Uint8Array) {
    for (const socket of this.#live.keys()) this.#send(socket, bytes)
  }

  /** Drops the log up to and including `seq`, so that older cursors are outdated. */
  forget(seq: number) {
    this.#log = this.#log.filter((entry) => entry.seq > seq)
    this.#forgotten = Math.max(this.#forgotten, seq)
  }

  /** Begins a new sequence, like a relay that lost its disk: the log is empty, and old cursors may be in the future. */
  restart(firstSeq = 1) {
    this.disconnect()
    this.#log = []
    this.#lastSeq = firstSeq - 1
    this.#forgotten = firstSeq - 1
  }

  /** Cuts every connection without a closing handshake. */
  disconnect() {
    for (const socket of [...this.#live.keys(), ...this.#replaying]) socket.terminate()
    this.#live.clear()
    this.#replaying.clear()
  }

  /** Ends every connection with an error frame. */
  sendError(name: string, message?: string) {
    for (const socket of this.#live.keys()) refuse(socket, name, message)
  }

  /** Serves one subscriber from `cursor` (the last sequence number it has; if absent, from now on). */
  async subscribe(socket: WebSocket, cursor?: number) {
    socket.on('error', () => socket.terminate())
    socket.on('close', () => {
      this.#live.delete(socket)
      this.#replaying.delete(socket)
    })
    const start = this.#startOf(socket, cursor)
    if (start === undefined) return
    this.#replaying.add(socket)
    const joinedAt = await this.#replay(socket, start)
    if (!this.#replaying.delete(socket)) return
    this.#live.set(socket, { joinedAt })
  }

  #startOf(socket: WebSocket, cursor: number | undefined): number | undefined {
    if (cursor === undefined) return this.#lastSeq
    if (!Number.isSafeInteger(cursor) || cursor < 0) {
      refuse(socket, 'InvalidRequest', 'cursor must be a whole number, 0 or more')
      return undefined
    }
    if (cursor > this.#lastSeq && this.cursors === 'spec') {
      refuse(socket, 'FutureCursor', 'Cursor in the future.')
      return undefined
    }
    if (cursor < this.#forgotten && cursor > 0 && this.cursors === 'spec') {
      socket.send(
        encodeFrame(infoFrame('OutdatedCursor', 'Requested cursor exceeded limit. Possibly missing events')),
      )
    }
    return Math.min(cursor, this.#lastSeq)
  }

  async #replay(socket: WebSocket, start: number): Promise<number> {
    let sent = start
    while (this.#replaying.has(socket)) {
      const from = firstAfter(this.#log, sent)
      const batch = this.#log.slice(from, from + replayBatch)
      const last = batch.pop()
      if (!last) break
      for (const { bytes } of batch) socket.send(bytes)
      const flushed = new Promise<void>((resolve) => socket.send(last.bytes, () => resolve()))
      sent = last.seq
      if (this.#log.at(-1) !== last) await flushed
    }
    return sent
  }

  #send(socket: WebSocket, bytes: Uint8Array) {
    if (socket.bufferedAmount < slowConsumerBytes) socket.send(bytes)
    else refuse(socket, 'ConsumerTooSlow', 'Stream consumer too slow')
  }
}

const refuse = (socket: WebSocket, name: string, message?: string) =>
  socket.send(encodeFrame(errorFrame(name, message)), () => socket.close(1008, name))

/** The index of the first entry with a sequence number above `seq`. */
function firstAfter(log: readonly Entry[], seq: number): number {
  let low = 0
  let high = log.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (log[middle]!.seq > seq) high = middle
    else low = middle + 1
  }
  return low
}
