import { siblingModule } from '@holdfast/runtime/sibling-module'
import { whoAsks } from '../store/patience.ts'
import { createThreadPool } from '../threads/thread-pool.ts'
import { type DocumentJob, writeDocument } from './document-jobs.ts'

/**
 * Writes documents for programs: RDF, OAI-PMH, feeds. A record may have a megabyte of small values, which takes a third of
 * a second to write as RDF/XML; so large documents are written in threads, where they delay nobody.
 */
export interface DocumentWriter extends AsyncDisposable {
  /** Resolves with the document in UTF-8. Rejects with ThreadsBusyError when too many jobs wait, or with ThreadLostError. */
  write(job: DocumentJob): Promise<Buffer>
}

/** Jobs of at most this many characters take a few milliseconds, and are not sent to a thread. */
const smallLength = 30_000
const deadlineMs = 10_000

export function createDocumentWriter(): DocumentWriter {
  const pool = createThreadPool<string, Uint8Array>({
    script: siblingModule('./document-thread', import.meta.url),
    threads: 2,
    heapMb: 256,
    maxWaiting: 32,
    maxWaitMs: 5_000,
    idleMs: 600_000,
  })
  return {
    async write(job) {
      const json = JSON.stringify(job)
      if (json.length <= smallLength) return Buffer.from(writeDocument(job))
      const visitor = whoAsks()
      const { buffer, byteOffset, length } = await pool.run(json, {
        deadlineMs,
        ...(visitor !== undefined && { owner: visitor }),
      })
      return Buffer.from(buffer, byteOffset, length)
    },
    [Symbol.asyncDispose]: () => pool[Symbol.asyncDispose](),
  }
}
