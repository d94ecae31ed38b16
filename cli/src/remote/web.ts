import { setTimeout } from 'node:timers/promises'
import { retryAfterMs } from '@holdfast/runtime/retry-after'
import { CommandError } from '../command-error.ts'
import type { Connections } from '../connections.ts'
import { note } from '../output/terminal.ts'
import { reasonOf } from '../reason-of.ts'
import { isFinalFailure } from '../session/refused-address.ts'
import type { Pace } from './pace.ts'
import { HeadClient } from './transport/head-client.ts'
import { RedirectError } from './transport/redirects.ts'

/** An answer whose body has been read. */
export interface WebAnswer {
  /** The address after redirects. */
  readonly url: URL
  readonly status: number
  readonly headers: { get(name: string): string | null | undefined }
  readonly text: string
}

/** Asks web servers for documents: listings, APIs, and what they say about a file. */
export interface Web extends Disposable {
  /** GET of a text; answers of any status below 500 are returned. */
  get(url: string, accept?: string): Promise<WebAnswer>
  /** The status and headers that a GET would have, without its body. */
  head(url: string): Promise<WebAnswer>
  /** The status and headers of a GET of the first byte. */
  peek(url: string): Promise<WebAnswer>
}

const maxAttempts = 5
const maxWaitMs = 600_000

const documentBytes = 64 * 2 ** 20
const documentMs = 120_000

/** Its functions throw a CommandError if a server cannot be reached, or is busy for longer than ten minutes. */
export async function openWeb(
  { config, strangerFetch }: Pick<Connections, 'config' | 'strangerFetch'>,
  userAgent: string,
  pace?: Pace,
): Promise<Web> {
  const fetch = await strangerFetch({ timeoutMs: documentMs, maxBytes: documentBytes })
  const guard = config.allowPrivateHosts ? null : (await import('../session/stranger-host.ts')).strangerHosts
  const heads = new HeadClient(guard)
  const patiently = async (url: string, ask: () => Promise<WebAnswer>): Promise<WebAnswer> => {
    for (let attempt = 1; ; attempt++) {
      let problem: string
      let isFinal = false
      let waitMs = Math.min(500 * 2 ** attempt, 30_000)
      try {
        await pace?.turn()
        const answer = await ask()
        // What a server does not offer (501), it will not offer at the next attempt either.
        if ((answer.status !== 429 && answer.status < 500) || answer.status === 501) return answer
        problem = `it answers ${answer.status}`
        waitMs = retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? waitMs
      } catch (error) {
        problem = reasonOf(error)
        isFinal = isFinalFailure(error) || error instanceof RedirectError
      }
      if (attempt === maxAttempts || waitMs > maxWaitMs || isFinal)
        throw new CommandError('network', `${url}: ${problem}.`)
      if (waitMs > 5000) note(`${new URL(url).host} asks to wait ${Math.ceil(waitMs / 1000)} s.`)
      await setTimeout(waitMs)
    }
  }
  const headers = { 'user-agent': userAgent, accept: '*/*', 'accept-encoding': 'identity' }
  const checks = { ...headers, 'x-amz-checksum-mode': 'ENABLED' }
  const headOf = async (url: string, method: 'GET' | 'HEAD', more = {}) => ({
    ...(await heads.ask(url, method, { ...checks, ...more })),
    text: '',
  })
  return {
    get: (url, accept = '*/*') =>
      // A document may be compressed, a file may not.
      patiently(url, async () => read(await fetch(url, { headers: { 'user-agent': userAgent, accept } }))),
    head: (url) => patiently(url, () => headOf(url, 'HEAD')),
    peek: (url) => patiently(url, () => headOf(url, 'GET', { range: 'bytes=0-0' })),
    [Symbol.dispose]: () => heads[Symbol.dispose](),
  }
}

async function read(answer: Response): Promise<WebAnswer> {
  return {
    url: new URL(answer.url),
    status: answer.status,
    headers: answer.headers,
    text: await answer.text(),
  }
}
