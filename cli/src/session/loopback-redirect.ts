import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { CommandError } from '../command-error.ts'

export interface LoopbackRedirect extends AsyncDisposable {
  readonly url: `http://127.0.0.1:${string}`
  /** The parameters that the browser brings back; throws a CommandError if it does not come back within ten minutes. */
  received(signal?: AbortSignal): Promise<URLSearchParams>
}

const patienceMs = 10 * 60_000

const page = `<!doctype html><html lang="en"><meta charset="utf-8"><title>Holdfast</title>
<body style="font:1.1rem system-ui;margin:4rem auto;max-width:30rem"><h1>Done</h1>
<p>You may close this page and go back to the terminal.</p></body></html>`

/** Listens on loopback for the browser's redirect (RFC 8252, section 7.3). */
export async function listenForRedirect(): Promise<LoopbackRedirect> {
  const { promise, resolve, reject } = Promise.withResolvers<URLSearchParams>()
  promise.catch(() => {})
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', 'http://127.0.0.1')
    if (request.method !== 'GET' || url.pathname !== '/callback' || !url.searchParams.has('state')) {
      response.writeHead(404).end()
      return
    }
    response.writeHead(200, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'",
      'referrer-policy': 'no-referrer',
      connection: 'close',
    })
    response.end(page, () => resolve(url.searchParams))
  })
  await new Promise<void>((listening, failed) => {
    server.once('error', failed)
    server.listen(0, '127.0.0.1', listening)
  })
  const timer = setTimeout(
    () =>
      reject(
        new CommandError('auth', 'The sign-in was not finished within ten minutes; run the command again.'),
      ),
    patienceMs,
  )
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback`,
    received(signal) {
      signal?.addEventListener('abort', () => reject(signal.reason), { once: true })
      return promise
    },
    async [Symbol.asyncDispose]() {
      clearTimeout(timer)
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}
