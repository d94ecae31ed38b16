import { setTimeout } from 'node:timers/promises'
import { retryAfterMs } from '@holdfast/runtime/retry-after'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import { note } from '../output/terminal.ts'

/** An answer whose body has been read. */
export interface WebAnswer {
  /** The address after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: Headers
  readonly text: string
}

/** Asks web servers for documents: listings, APIs, and what they say about a file. */
export interface Web {
  /** GET of a text; answers of any status below 500 are returned. */
  get(url: string, accept?: string): Promise<WebAnswer>
  /** The status and headers that a GET would have, without its body. */
  head(url: string): Promise<WebAnswer>
  /** The status and headers of a GET of the first byte. */
  peek(url: string): Promise<WebAnswer>
  /** How many requests were sent. */
  readonly requests: number
}

/** Failures that another attempt would not change. */
const isFinal = /private network|Response too large|certificate/
const maxAttempts = 5
const maxWaitMs = 600_000

const documentBytes = 64 * 2 ** 20
const documentMs = 120_000

/** Its functions throw a CommandError if a server cannot be reached, or is busy for longer than ten minutes. */
export async function openWeb(
  connections: Pick<Connections, 'strangerFetch'>,
  userAgent: string,
): Promise<Web> {
  const fetchDocument = await connections.strangerFetch({ timeoutMs: documentMs, maxBytes: documentBytes })
  // Of a file, only the length is read.
  const fetchHead = await connections.strangerFetch({
    timeoutMs: documentMs,
    maxBytes: Number.MAX_SAFE_INTEGER,
  })
  let requests = 0
  const ask = async (url: string, init: RequestInit, isTold: boolean): Promise<WebAnswer> => {
    for (let attempt = 1; ; attempt++) {
      requests++
      let problem: string
      let waitMs = Math.min(500 * 2 ** attempt, 30_000)
      try {
        const answer = await (isTold ? fetchDocument : fetchHead)(url, init)
        if (answer.status !== 429 && answer.status < 500) return await read(answer, isTold)
        await answer.body?.cancel()
        problem = `it answers ${answer.status}`
        waitMs = retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? waitMs
        // What a server does not offer, it will not offer at the next attempt either.
        if (answer.status === 501)
          return { url: new URL(url), status: 501, headers: answer.headers, text: '' }
      } catch (error) {
        problem = rootMessage(error)
      }
      if (attempt === maxAttempts || waitMs > maxWaitMs || isFinal.test(problem))
        throw new CommandError('network', `${url}: ${problem}.`)
      if (waitMs > 5000) note(`${new URL(url).host} asks to wait ${Math.ceil(waitMs / 1000)} s.`)
      await setTimeout(waitMs)
    }
  }
  const headers = { 'user-agent': userAgent, 'accept-encoding': 'identity' }
  const checks = { ...headers, 'x-amz-checksum-mode': 'ENABLED' }
  return {
    // A document may be compressed, a file may not.
    get: (url, accept = '*/*') => ask(url, { headers: { 'user-agent': userAgent, accept } }, true),
    head: (url) => ask(url, { method: 'HEAD', headers: checks }, false),
    peek: (url) => ask(url, { headers: { ...checks, range: 'bytes=0-0' } }, false),
    get requests() {
      return requests
    },
  }
}

async function read(answer: Response, isTold: boolean): Promise<WebAnswer> {
  const text = isTold ? await answer.text() : ''
  if (!isTold) await answer.body?.cancel()
  return { url: new URL(answer.url), status: answer.status, headers: answer.headers, text }
}

function rootMessage(error: unknown): string {
  let found = error as Error
  while (found.cause instanceof Error) found = found.cause
  return found.message
}
