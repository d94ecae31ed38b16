import { siblingModule } from '@holdfast/runtime/sibling-module'
import { createThreadPool } from '../../threads/thread-pool.ts'
import type { CheckLimits, MetainfoVerdict, TorrentClaims } from './metainfo-check.ts'

export interface CheckJob {
  bytes: Uint8Array
  claims: TorrentClaims
  limits: CheckLimits
}

/** The answer of a thread, with the bytes if they were moved to it. */
export interface Checked {
  verdict: MetainfoVerdict
  bytes?: Uint8Array
}

export interface CheckerOptions {
  /** The most memory for a thread's heap, in MiB. */
  heapMb?: number
  deadline?: { baseMs: number; perMbMs: number }
}

export interface MetainfoChecker extends AsyncDisposable {
  /**
   * Checks metainfo, and returns its bytes too: those of a large file are moved to the thread and back, so the caller's
   * buffer becomes unusable. Rejects with ThreadLostError when the thread ran out of time or memory.
   */
  check(job: CheckJob, owner: string): Promise<{ verdict: MetainfoVerdict; bytes: Uint8Array }>
}

/** Buffers smaller than this are copied to a thread, which costs less than moving them. */
const copiedBytes = 1_000_000
/** The largest file takes ten seconds of a slow core, so no honest one takes four times as long. */
const defaultDeadline = { baseMs: 10_000, perMbMs: 300 }

/**
 * Makes a checker that works in threads with limited memory, so that no file costs the main thread more than passing it on.
 * While files of other accounts wait, each account has one file checked at a time. Large files leave one thread to small ones.
 */
export function createMetainfoChecker(options: CheckerOptions = {}): MetainfoChecker {
  const { heapMb = 512, deadline = defaultDeadline } = options

  const pool = createThreadPool<CheckJob & { giveBack: boolean }, Checked>({
    script: siblingModule('./metainfo-thread', import.meta.url),
    threads: 2,
    heapMb,
    maxWaiting: Number.POSITIVE_INFINITY,
  })
  return {
    async check(job, owner) {
      const isLarge = job.bytes.length > copiedBytes
      const bytes = isLarge ? wholeBuffer(job.bytes) : job.bytes
      const checked = await pool.run(
        { ...job, bytes, giveBack: isLarge },
        {
          owner,
          isLong: isLarge,
          deadlineMs: deadline.baseMs + (deadline.perMbMs * bytes.length) / 1e6,
          transfer: isLarge ? [bytes.buffer as ArrayBuffer] : [],
        },
      )
      return { verdict: checked.verdict, bytes: checked.bytes ?? job.bytes }
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}

/** Bytes with a buffer of their own, since only a whole buffer can be moved to a thread. */
function wholeBuffer(bytes: Uint8Array): Uint8Array {
  return bytes.byteLength === bytes.buffer.byteLength && bytes.buffer instanceof ArrayBuffer
    ? bytes
    : new Uint8Array(bytes)
}
