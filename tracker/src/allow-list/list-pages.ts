import { once } from 'node:events'
import { Worker } from 'node:worker_threads'
import { listInfoHashes } from '@holdfast/lexicons'
import { siblingModule } from '@holdfast/runtime/sibling-module'
import { announcedHashes, packEntries } from './entries.ts'
import type { Position } from './stream.ts'

/** A page of an AppView's list, packed. `cursor` leads to the next page and is absent on the last. */
export type ListPage = Position & { packed: Uint8Array<ArrayBuffer>; cursor: string | undefined }

/**
 * Fetches a page of the list. It is parsed by hand, because validation against the lexicon takes twenty times as long; the
 * fields that are used are checked.
 * @throws Error if the page cannot be fetched, with the HTTP `status` if the AppView refused
 */
export async function fetchPage(
  url: string,
  asked: { cursor?: string | undefined; limit: number },
  signal: AbortSignal,
): Promise<ListPage> {
  const address = new URL(`/xrpc/${listInfoHashes.main.nsid}`, url)
  address.searchParams.set('limit', String(asked.limit))
  if (asked.cursor !== undefined) address.searchParams.set('cursor', asked.cursor)
  const response = await fetch(address, {
    signal: AbortSignal.any([signal, AbortSignal.timeout(pageTimeoutMs)]),
    redirect: 'error',
  })
  const text = await response.text()
  if (!response.ok) {
    const said = `the AppView answered ${response.status} to listInfoHashes: ${text.slice(0, 200)}`
    throw Object.assign(new Error(said), { status: response.status })
  }
  const { infoHashes, cursor, seq, epoch } = JSON.parse(text) as Partial<listInfoHashes.$OutputBody>
  const isPage = Array.isArray(infoHashes) && Number.isSafeInteger(seq) && typeof epoch === 'string'
  if (!isPage || (cursor !== undefined && typeof cursor !== 'string')) {
    throw new Error('the answer of the AppView is not a page of listInfoHashes')
  }
  if (cursor !== undefined && cursor === asked.cursor)
    throw new Error('the AppView sent the same page of its list twice')
  return { packed: packEntries(infoHashes.map(announcedHashes)), cursor, seq: seq!, epoch }
}

/** The size of the first page; a list that ends with it needs no thread. */
export const firstEntries = 500
/** The size of the further pages of a long list. */
export const pageEntries = 10_000
const pageTimeoutMs = 60_000

/**
 * Reads the pages after the first in a thread of its own, which requests the next page while the last one is applied: a
 * page of 10,000 entries is a megabyte of JSON, and parsing it would delay announces.
 */
export class PageReader implements AsyncDisposable {
  readonly #worker: Worker
  #failed: Error | undefined

  constructor(url: string) {
    this.#worker = new Worker(siblingModule('./list-thread', import.meta.url), {
      workerData: { url },
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 16 },
    })
    this.#worker.on('error', (error) => {
      this.#failed = error as Error
    })
  }

  /** Fetches the page at `cursor`. @throws what `fetchPage` throws, and an Error if the thread has died */
  async next(cursor: string, signal: AbortSignal): Promise<ListPage> {
    if (this.#failed !== undefined) throw this.#failed
    this.#worker.postMessage(cursor)
    const [answer] = (await once(this.#worker, 'message', { signal })) as [FromListThread]
    if ('page' in answer) return answer.page
    throw Object.assign(new Error(answer.message), { status: answer.status })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#worker.terminate()
  }
}

/** The thread's answer to a cursor. */
export type FromListThread = { page: ListPage } | { message: string; status: number | undefined }
