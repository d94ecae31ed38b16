import { Worker } from 'node:worker_threads'
import {
  type CheckLimits,
  checkMetainfo,
  type MetainfoVerdict,
  type TorrentClaims,
} from './metainfo-check.ts'

export interface CheckJob {
  bytes: Uint8Array
  claims: TorrentClaims
  limits: CheckLimits
}

/** Larger files are parsed in a thread of their own: a million files take seconds, in which nobody else would be served. */
const inThreadBytes = 1_000_000
const threadsAtOnce = 2
/** Nothing honest takes so long. */
const timeoutMs = 120_000

/** Checks metainfo: small ones at once, large ones in at most two threads. Rejects when a thread does not get there. */
export function createMetainfoChecker(options: {
  signal: AbortSignal
}): (job: CheckJob) => Promise<MetainfoVerdict> {
  let running = 0
  const waiting: (() => void)[] = []
  return async (job) => {
    if (job.bytes.length <= inThreadBytes) return checkMetainfo(job.bytes, job.claims, job.limits)
    if (running >= threadsAtOnce) await new Promise<void>((resolve) => waiting.push(resolve))
    else running++
    try {
      return await checkInThread(job, options.signal)
    } finally {
      const next = waiting.shift()
      if (next) next()
      else running--
    }
  }
}

async function checkInThread(job: CheckJob, stop: AbortSignal): Promise<MetainfoVerdict> {
  stop.throwIfAborted()
  const thread = new Worker(new URL('./metainfo-thread.ts', import.meta.url), {
    workerData: job,
    resourceLimits: { maxOldGenerationSizeMb: 1_024 },
  })
  const signal = AbortSignal.any([stop, AbortSignal.timeout(timeoutMs)])
  try {
    return await new Promise<MetainfoVerdict>((resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
      thread.once('message', resolve)
      thread.once('error', reject)
      thread.once('exit', () => reject(new Error('the thread that checks metainfo ended without an answer')))
    })
  } finally {
    await thread.terminate()
  }
}
