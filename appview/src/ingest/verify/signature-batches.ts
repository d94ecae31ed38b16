import { createPublicKey, type KeyObject } from 'node:crypto'
import { Worker } from 'node:worker_threads'
import { siblingModule } from '@holdfast/runtime/sibling-module'

export type SignatureCurve = 'secp256k1' | 'P-256'

/** A signature (64 bytes) to check by a key; `point` has its x and y, 32 bytes each. */
export interface SignatureJob {
  readonly curve: SignatureCurve
  readonly point: Uint8Array
  readonly data: Uint8Array
  readonly signature: Uint8Array
}

/** Jobs in sequence. Each has: length of the data (u32le), curve (0 or 1), three unused bytes, key, signature, data. */
export interface SignatureBatch {
  readonly bytes: ArrayBuffer
  readonly count: number
}
export const batchLayout = { headBytes: 136, keyAt: 8, signatureAt: 72, dataAt: 136 } as const

/** The key of a point: x and y, 32 bytes each. Throws when it is not on the curve. */
export function toPublicKey(crv: SignatureCurve, point: Uint8Array): KeyObject {
  const half = (start: number) => Buffer.from(point.subarray(start, start + 32)).toString('base64url')
  return createPublicKey({ key: { kty: 'EC', crv, x: half(0), y: half(32) }, format: 'jwk' })
}

type Waiting = SignatureJob & { resolve: (valid: boolean) => void; reject: (error: unknown) => void }

const mostInBatch = 64

/**
 * Makes a function that checks signatures in a thread. Sending a single one costs the main thread a third of checking it, so
 * all that collect while the thread is busy are sent together. The thread starts with the first, and does not keep the
 * process alive.
 */
export function createSignatureBatches(): (job: SignatureJob) => Promise<boolean> {
  const queue: Waiting[] = []
  let thread: Worker | undefined
  let underWay: Waiting[] = []
  let scheduled = false

  const start = (): Worker => {
    const started = new Worker(siblingModule('./signature-thread', import.meta.url), { execArgv: [] })
    const fail = (error: unknown) => {
      if (thread !== started) return
      thread = undefined
      for (const { reject } of underWay.splice(0)) reject(error)
      schedule()
    }
    started.on('message', (verdicts: Uint8Array) => {
      const done = underWay
      underWay = []
      for (const [i, { resolve }] of done.entries()) resolve(verdicts[i] === 1)
      if (queue.length > 0) send()
      else started.unref()
    })
    started.on('error', fail)
    started.on('exit', () => fail(new Error('the thread that checks signatures ended')))
    return started
  }
  const send = (): void => {
    scheduled = false
    if (underWay.length > 0 || queue.length === 0) return
    underWay = queue.splice(0, mostInBatch)
    const bytes = pack(underWay)
    thread ??= start()
    thread.ref()
    thread.postMessage({ bytes, count: underWay.length } satisfies SignatureBatch, [bytes])
  }
  const schedule = (): void => {
    if (scheduled || underWay.length > 0) return
    scheduled = true
    setImmediate(send)
  }
  return (job) =>
    new Promise((resolve, reject) => {
      queue.push({ ...job, resolve, reject })
      schedule()
    })
}

function pack(jobs: readonly SignatureJob[]): ArrayBuffer {
  const { keyAt, signatureAt, dataAt } = batchLayout
  const bytes = new Uint8Array(jobs.reduce((sum, { data }) => sum + dataAt + data.length, 0))
  const view = new DataView(bytes.buffer)
  let at = 0
  for (const { curve, point, data, signature } of jobs) {
    view.setUint32(at, data.length, true)
    bytes[at + 4] = curve === 'secp256k1' ? 0 : 1
    bytes.set(point, at + keyAt)
    bytes.set(signature, at + signatureAt)
    bytes.set(data, at + dataAt)
    at += dataAt + data.length
  }
  return bytes.buffer
}
