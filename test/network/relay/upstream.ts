import { setTimeout as pause } from 'node:timers/promises'
import { WebSocket } from 'ws'
import { decodeFrame, type Frame } from './frames.ts'

const RECONNECT_MS = 100

/** Follows one host's `subscribeRepos` from its beginning, reconnecting from its last sequence until disposed. */
export class Upstream implements AsyncDisposable {
  readonly url: string
  /** The host's own sequence up to which frames were handed on. */
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
      await pause(RECONNECT_MS, undefined, { signal }).catch(() => {})
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
      // A frame that cannot be handed on now (the PLC directory is away) is asked for again.
      inOrder = inOrder.then(() => this.#handOn(data)).catch(cut)
    })
    await new Promise((resolve) => socket.once('close', resolve))
    signal.removeEventListener('abort', cut)
    await inOrder
  }

  async #handOn(data: Uint8Array) {
    const frame = decodeOrNothing(data)
    const seq = frame?.body.seq
    // Info and error frames are between the host and this relay.
    if (!frame || typeof seq !== 'number' || seq <= this.lastSeq) return
    await this.#onFrame(frame)
    this.lastSeq = seq
  }
}

/** A relay passes over what is no frame. */
function decodeOrNothing(data: Uint8Array): Frame | undefined {
  try {
    return decodeFrame(data)
  } catch {
    return undefined
  }
}
