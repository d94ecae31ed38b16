import { setTimeout as pause } from 'node:timers/promises'
import { retryAfterMs } from '@holdfast/runtime/retry-after'
import { CommandError } from '../command-error.ts'
import { charsetOf, decodeText } from '../import/decode-text.ts'
import { formatSeconds } from '../output/quantities.ts'
import { reasonOf } from '../reason-of.ts'
import { userAgent } from '../remote/remote-options.ts'
import { isFinalFailure } from '../session/refused-address.ts'

/** Sends requests to a source, one after the other, and waits when the source asks for it. Its errors are CommandErrors. */
export interface Ask {
  /** The answer with its status, whatever that is; 429 and what a busy server says are waited for and asked again. */
  send(address: string, headers?: Readonly<Record<string, string>>): Promise<Response>
  /** The text of a successful answer; any other answer is an error. */
  text(address: string, headers?: Readonly<Record<string, string>>): Promise<Page>
  json(address: string): Promise<unknown>
}

export interface Page {
  readonly address: string
  readonly text: string
  readonly link: string | null
}

export interface AskOptions {
  readonly fetch: typeof fetch
  readonly signal?: AbortSignal | undefined
  /** Reports waits, so that a person sees why nothing happens. */
  readonly onWait?: (waitMs: number, reason: string) => void
  /** The first wait for a server that does not say how long; each further one is twice as long. Default: 5 s. */
  readonly firstWaitMs?: number
}

/** Statuses of a server that is busy or being restarted. */
const busy = new Set([429, 502, 503, 504])
const attempts = 6
/** A source that asks for a longer wait is left for a later run. */
const maxWaitMs = 3_600_000

export function createAsk({ fetch, signal, onWait, firstWaitMs = 5_000 }: AskOptions): Ask {
  const wait = async (waitMs: number, reason: string) => {
    if (waitMs > maxWaitMs)
      throw new CommandError(
        'network',
        `${reason} and asks to wait ${formatSeconds(waitMs / 1000)}. Run the same command again then.`,
      )
    onWait?.(waitMs, reason)
    await pause(waitMs, undefined, signal ? { signal } : {}).catch(() => signal?.throwIfAborted())
  }

  async function send(address: string, headers: Readonly<Record<string, string>> = {}): Promise<Response> {
    for (let attempt = 1; ; attempt++) {
      signal?.throwIfAborted()
      const fallbackMs = firstWaitMs * 2 ** (attempt - 1)
      let answer: Response
      try {
        answer = await fetch(address, {
          headers: { 'user-agent': userAgent, ...headers },
          ...(signal && { signal }),
        })
      } catch (cause) {
        signal?.throwIfAborted()
        if (attempt >= 3 || isFinalFailure(cause)) throw unreachable(address, cause)
        await wait(fallbackMs, `${new URL(address).host} does not answer (${reasonOf(cause)})`)
        continue
      }
      if (!busy.has(answer.status)) return answer
      if (attempt === attempts)
        throw new CommandError('network', `${address} answers ${answer.status} each time.`)
      await answer.body?.cancel()
      await wait(
        retryAfterMs(answer.headers.get('retry-after'), Date.now()) ?? fallbackMs,
        `${new URL(address).host} answers ${answer.status}`,
      )
    }
  }

  async function text(address: string, headers?: Readonly<Record<string, string>>): Promise<Page> {
    for (let attempt = 1; ; attempt++) {
      const answer = await send(address, headers)
      if (!answer.ok) {
        await answer.body?.cancel()
        throw new CommandError(
          answer.status === 404 ? 'notFound' : 'network',
          `${address} answers ${answer.status}.`,
          { details: { status: answer.status } },
        )
      }
      try {
        const bytes = new Uint8Array(await answer.arrayBuffer())
        const charset = charsetOf(answer.headers.get('content-type'))
        return {
          address,
          text: decodeText(bytes, { place: address, charset }),
          link: answer.headers.get('link'),
        }
      } catch (cause) {
        signal?.throwIfAborted()
        // An answer that breaks off is asked for again; text in no known encoding is not.
        if (cause instanceof CommandError) throw cause
        if (attempt >= 3 || isFinalFailure(cause)) throw unreachable(address, cause)
        await wait(firstWaitMs, `The answer of ${new URL(address).host} broke off (${reasonOf(cause)})`)
      }
    }
  }

  return {
    send,
    text,
    async json(address) {
      const page = await text(address, { accept: 'application/json' })
      return parseJson(page)
    },
  }
}

/** Parses an answer. Throws a CommandError that says what was sent instead of JSON. */
export function parseJson({ address, text }: Pick<Page, 'address' | 'text'>): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    const what = /^\s*</.test(text) ? 'a web page, not data' : `not JSON (${(cause as Error).message})`
    throw new CommandError(
      'network',
      `${address} is ${what}. What was read before is kept; run the same command again later.`,
      { cause },
    )
  }
}

function unreachable(address: string, cause: unknown): CommandError {
  return new CommandError(
    'network',
    `${address}: ${reasonOf(cause)}. What was read before is kept; run the same command again.`,
    { cause },
  )
}
