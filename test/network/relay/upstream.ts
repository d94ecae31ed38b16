import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { decodeFrame, type Frame } from './frames.ts'

const reconnectMs = 100

/** Follows one host's `subscribeRepos` from its beginning, and reconnects from its last sequence number until disposed. */
export class Upstream implements AsyncDisposable {
  readonly url: string
  /** The host's sequence number up to which frames were passed on. */
  lastSeq = 0
  #onFrame: (frame: Frame) => Promise<void>
  #ending = new AbortController()
  #running: Promise<void>

  constructor(url: string, onFrame: (frame: Frame) => Promise<void>) {
    this.url = url
    this.#onFrame = onFrame
    this.#running = this.#run()
  }

  async [Symbol.asyncDispose]() {
    this.#ending.abort()
    await this.#running
  }

  async #run() {
    const { signal } = this.#ending
    while (!signal.aborted) {
      await this.#follow(signal)
      await pause(reconnectMs, undefined, { signal }).catch(() => {})
    }
  }

  async #follow(signal: AbortSignal) {
    const address = new URL(`/xrpc/com.atproto.sync.subscribeRepos?cursor=${this.lastSeq}`, this.url)
    address.protocol = address.protocol === 'https:' ? 'wss:' : 'ws:'
    const socket = new WebSocket(address)
    const cut = () => socket.terminate()
    signal.addEventListener('abort', cut)
    let inOrder = Promise.resolve()
    socket.on('error', () => {})
    socket.on('message', (data: Buffer) => {
      // A frame that cannot be passed on now (for example because the PLC directory is down) is requested again.
      inOrder = inOrder.then(() => this.#handOn(data)).catch(cut)
    })
    await new Promise((resolve) => socket.once('close', resolve))
    signal.removeEventListener('abort', cut)
    await inOrder
  }

  async #handOn(data: Uint8Array) {
    const frame = decodeOrNothing(data)
    const seq = frame?.body.seq
    // Info and error frames concern only the host and this relay.
    if (!frame || typeof seq !== 'number' || seq <= this.lastSeq) return
    await this.#onFrame(frame)
    this.lastSeq = seq
  }
}

/** A relay ignores what is not a valid frame. */
function decodeOrNothing(data: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(data)
  } catch {
    return undefined
  }
}
